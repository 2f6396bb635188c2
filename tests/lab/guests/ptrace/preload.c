/*
 * Makes Debian's user-mode kernel quicker, and lets it run on processors with AMX: see registers.c and faults.c.
 * It is loaded before libc, whose ptrace(3) and waitpid(3) it stands for.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "faults.h"
#include "host.h"
#include "registers.h"

static pid_t has_told, tells; /* whose fault was told without it, and who tells it itself */

static long go_on_with(pid_t pid, void *signal)
{
    if (signal == (void *)SIGSEGV) {
        if (tell_fault(pid)) {
            has_told = pid;
            return 0;
        }
        tells = pid;
    }
    if (signal)
        clear_registers(pid);
    return ask_host(PTRACE_CONT, pid, 0, signal);
}

long ptrace(request_t request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *);
    void *data = va_arg(arguments, void *);
    va_end(arguments);

    long word;
    switch ((int)request) {
    case PTRACE_GETREGS:
        if (ask_host(request, pid, address, data) < 0)
            return -1;
        stopped_with(pid, data);
        return 0;
    case PTRACE_GETSIGINFO:
        if (ask_host(request, pid, address, data) < 0)
            return -1;
        stopped_by(pid, data);
        return 0;
    case PTRACE_GETREGSET:
        return address == (void *)NT_X86_XSTATE ? read_registers(pid, data) : ask_host(request, pid, address, data);
    case PTRACE_SETREGSET:
        return address == (void *)NT_X86_XSTATE ? write_registers(pid, data) : ask_host(request, pid, address, data);
    case PTRACE_SYSCALL:
    case PTRACE_SYSEMU:
    case PTRACE_SINGLESTEP:
    case PTRACE_SYSEMU_SINGLESTEP:
        return run_own_code(pid) < 0 ? -1 : ask_host(request, pid, address, data);
    case PTRACE_CONT:
        return go_on_with(pid, data);
    case PTRACE_KILL:
        forget_registers(pid);
        return ask_host(request, pid, address, data);
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_PEEKUSER: /* the host's kernel stores the word where libc returns it */
        if (ask_host(request, pid, address, &word) < 0)
            return -1;
        errno = 0;
        return word;
    default:
        return ask_host(request, pid, address, data);
    }
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    if (has_told == pid) {
        has_told = 0;
        *status = W_STOPCODE(SIGTRAP);
        return pid;
    }
    pid_t waited = syscall(SYS_wait4, pid, status, options, 0);
    if (tells == pid && waited == pid) {
        tells = 0;
        if (*status == W_STOPCODE(SIGTRAP))
            learn_from(pid);
    }
    return waited;
}
