# The original, started by forking: what it is made of is loaded and compiled once.  See forking.py, which asks.
#
#     perl original.pl SOCKET PROGRAM
#
# It is asked by a packet of lines that end with NUL: the folder in /proc of the thread that has the namespaces, its
# descriptor for the output, how many words there are, these, and NAME=VALUE for each variable.
# The answers are the number of the process, and what waitpid(2) says in its end.
package Forking;
use strict;
use warnings;

use Getopt::Long;
use IO::Handle;
use LWP::Debug;
use LWP::UserAgent;
use Mail::Send;
use Pod::Usage;
use POSIX qw(:sys_wait_h);
use Socket;
use Socket6;
use Sys::Hostname;
use Sys::Syslog;

use constant { SEQPACKET => 5, SETNS => 308, PACKET => 1 << 18 };
my %KINDS = (net => 0x40000000, mnt => 0x00020000, uts => 0x04000000);    # CLONE_NEW... of unshare(2)

my ($path, $program) = @ARGV;
socket(my $listener, AF_UNIX, SEQPACKET, 0) or die "socket: $!";
bind($listener, pack_sockaddr_un($path)) && listen($listener, 64) or die "$path: $!";

my $body = compiled($program);
die $@ unless $body;

pipe(my $ended, my $wake) or die "pipe: $!";
$ended->blocking(0);
$wake->blocking(0);
$SIG{CHLD} = sub { syswrite($wake, '.') };
syswrite(STDOUT, "listening\n");
my %running;
while (1) {
    my $ready = '';
    vec($ready, fileno($_), 1) = 1 for $listener, $ended;
    next unless select($ready, undef, undef, undef) > 0;
    sysread($ended, my $ignored, 4096);
    while ((my $pid = waitpid(-1, WNOHANG)) > 0) {
        my $channel = delete $running{$pid};
        send($channel, $?, MSG_NOSIGNAL) if $channel;
    }
    next unless vec($ready, fileno($listener), 1) && accept(my $channel, $listener);
    recv($channel, my $asked, PACKET, 0);
    my $pid = fork() // next;
    if (!$pid) {
        close $_ for $listener, $ended, $wake, values %running;
        become(split /\0/, $asked);
        send($channel, $$, MSG_NOSIGNAL);
        close $channel;
        $body->();
        exit 0;
    }
    $running{$pid} = $channel;
}

# Returns a program as a function.  It is called once in each process, so that its variables are as they would be.
sub compiled {
    my ($file) = @_;
    local $/;
    open(my $source, '<', $file) or die "$file: $!";
    my $text = <$source>;
    $text =~ s/^__END__$.*//ms;
    return eval "package main; no strict; no warnings; sub {\n#line 1 \"$file\"\n$text\n}";
}

sub become {
    my ($thread, $descriptor, $words, @rest) = @_;
    $SIG{CHLD} = 'DEFAULT';
    my @places = map { [open_place("$thread/ns/$_"), $KINDS{$_}] } qw(net uts mnt);
    open(my $output, '>>', "$thread/fd/$descriptor") or die "output: $!";
    for (@places) {
        syscall(SETNS, fileno($_->[0]), $_->[1]) == 0 or die "setns: $!";
        close $_->[0];
    }
    chdir '/';
    POSIX::dup2(fileno($output), $_) for 1, 2;
    close $output;
    @ARGV = splice(@rest, 0, $words);
    %ENV = map { split /=/, $_, 2 } @rest;
    $0 = $program;
}

sub open_place {
    my ($place) = @_;
    open(my $handle, '<', $place) or die "$place: $!";
    return $handle;
}
