# Completes the command line of ldirectorctl in fish; install as
# /usr/share/fish/vendor_completions.d/ldirectorctl.fish.
# Commands and options are read from its --help; the names of virtual services and servers are asked of the daemon.

function __ldirectorctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -l previous $words[-1]
    set -l command
    set -l daemon
    set -l index 2
    while test $index -le (count $words)
        switch $words[$index]
            case --instance --config --socket
                set daemon $words[$index] $words[(math $index + 1)]
                set index (math $index + 1)
            case '-*'
            case '*'
                test -z "$command"; and set command $words[$index]
        end
        set index (math $index + 1)
    end
    set -l said ($program $command --help 2>/dev/null)
    if string match -q -- '-*' $current
        string match -ra -- '(?:^|[ ,\[|])--?[a-z][a-z-]*' $said | string trim -c ' ,[|' | sort -u
    else if test -z "$command"
        string match -r -- '^    [a-z][a-z-]*(?= |$)' $said | string trim
    else if test "$previous" = --instance
        $program names --instances 2>/dev/null
    else if contains -- "$previous" --config --socket
        __fish_complete_path $current
    else if test "$previous" = --real
        $program names $daemon -- $current 2>/dev/null
    else if string match -q -- '--*' $previous; and string match -qr -- "$previous \{[a-z]" $said
        string match -rg -- "$previous \{([a-z0-9,]+)\}" $said | head -n 1 | string split ,
    else if string match -q -- '--*' $previous; and string match -qr -- "$previous [A-Z]" $said
        return # a time, a reason
    else if string match -qr -- '^  (NAME|REAL|TARGET)( |$)' $said
        $program names $daemon -- $current 2>/dev/null
    else if test "$previous" = "$command"; and string match -qr -- '^  \{[a-z]' $said
        string match -rg -- '^  \{([a-z,]+)\}' $said | string split ,
    else if string match -qr -- '^  VIP( |$)' $said
        return # an address
    else
        __fish_complete_path $current
    end
end

complete -c ldirectorctl -f -a '(__ldirectorctl_complete)'
