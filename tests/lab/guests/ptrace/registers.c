/*
 * The floating-point registers of processes.
 *
 * At each system call and page fault of a process, the user-mode kernel reads them by ptrace(2), and writes them back
 * before the process goes on; for a page fault it does so twice.  The host's kernel needs longer to write them
 * (xstateregs_set in arch/x86/kernel/fpu/regset.c allocates pages for it) than to read them, and mostly they have not
 * changed.  So what was read or written last is kept here for each process: it is read once for each time that the
 * process ran its own code, and written only if it differs.
 *
 * While the kernel has a process map pages, the process runs code of the kernel's (PTRACE_CONT), which uses no such
 * registers; a signal would clear them (fpu__clear_user_states).
 *
 * On AMX: the kernel's buffer for these registers is as long as they were before AMX.  The host's kernel cuts short
 * what it gives, but takes registers only from a buffer of full length, so each boot would end in a panic.  Here the
 * buffer is lengthened with zeros; the states that lie there are marked as not in use, because the processes use no AMX.
 */
#include "registers.h"

#include <elf.h>
#include <string.h>
#include <sys/uio.h>

#include "host.h"

enum { PROCESSES = 256, LONGEST = 16 * 1024 };

struct registers {
    pid_t pid;
    size_t length;
    int known;     /* content is what the process has, or is to have when it goes on */
    int unwritten; /* the process has not got it yet */
    char content[LONGEST] __attribute__((aligned(64)));
};

static struct registers kept[PROCESSES];

static size_t full_length(pid_t pid)
{
    static size_t length;
    static char whole[64 * 1024] __attribute__((aligned(64)));
    if (!length) {
        struct iovec all = {whole, sizeof whole};
        if (ask_host(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &all) == 0)
            length = all.iov_len;
    }
    return length;
}

static long write_out(struct registers *its)
{
    size_t length = full_length(its->pid);
    if (length < its->length || length > LONGEST)
        length = its->length;
    memset(its->content + its->length, 0, length - its->length);
    struct iovec content = {its->content, length};
    its->unwritten = 0;
    return ask_host(PTRACE_SETREGSET, its->pid, (void *)NT_X86_XSTATE, &content);
}

static struct registers *registers_of(pid_t pid)
{
    struct registers *its = &kept[pid % PROCESSES];
    if (its->pid != pid) {
        if (its->unwritten)
            write_out(its);
        its->pid = pid;
        its->known = its->unwritten = 0;
    }
    return its;
}

long read_registers(pid_t pid, struct iovec *wanted)
{
    struct registers *its = registers_of(pid);
    if (!its->known) {
        struct iovec content = {its->content, wanted->iov_len < LONGEST ? wanted->iov_len : LONGEST};
        if (ask_host(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &content) < 0)
            return -1;
        its->length = content.iov_len;
        its->known = 1;
    }
    if (wanted->iov_len > its->length)
        wanted->iov_len = its->length;
    memcpy(wanted->iov_base, its->content, wanted->iov_len);
    return 0;
}

long write_registers(pid_t pid, const struct iovec *given)
{
    struct registers *its = registers_of(pid);
    size_t length = given->iov_len < LONGEST ? given->iov_len : LONGEST;
    if (its->known && its->length < length)
        length = its->length;
    if (its->known && its->length == length && memcmp(its->content, given->iov_base, length) == 0)
        return 0;
    memcpy(its->content, given->iov_base, length);
    its->length = length;
    its->known = its->unwritten = 1;
    return 0;
}

long run_own_code(pid_t pid)
{
    struct registers *its = registers_of(pid);
    if (its->unwritten && write_out(its) < 0)
        return -1;
    its->known = 0;
    return 0;
}

void clear_registers(pid_t pid)
{
    struct registers *its = registers_of(pid);
    its->known = its->unwritten;
}

void forget_registers(pid_t pid)
{
    struct registers *its = registers_of(pid);
    its->known = its->unwritten = 0;
}
