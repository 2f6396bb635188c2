/*
 * Page faults of processes.
 *
 * When a process stumbles over a page that the host does not have for it, the user-mode kernel has it take the signal:
 * its handler, code of the kernel's, puts down what happened (struct faultinfo) in a page that both see, and traps
 * (get_skas_faultinfo in arch/um/os-Linux/skas/process.c).  That is a third of what a page fault costs, and programs
 * that begin have hundreds.  All of it can be told without the process, but for whether it read or wrote; mostly its
 * instruction says so.  Where that is in doubt, the process takes the signal.
 */
#define _GNU_SOURCE
#include "faults.h"

#include <sys/uio.h>

#include "host.h"
#include "instructions.h"

enum { PAGE = 4096, PAGE_FAULT = 14, PRESENT = 1, WRITTEN = 2, BY_USER = 4 };
enum { INSTRUCTION = 15, MOVED = 64 }; /* bytes, at most */

struct faultinfo { /* arch/x86/um/shared/sysdep/faultinfo_64.h */
    int error_code;
    unsigned long cr2;
    int trap_no;
};

static struct {
    pid_t pid;
    struct user_regs_struct registers;
    siginfo_t signal;
} last;

static unsigned long shared; /* the page that a process and the kernel share, at the same place in each */

void stopped_with(pid_t pid, const struct user_regs_struct *registers)
{
    last.pid = pid;
    last.registers = *registers;
    last.signal.si_signo = 0;
}

void stopped_by(pid_t pid, const siginfo_t *signal)
{
    if (last.pid == pid)
        last.signal = *signal;
}

static unsigned long page_of(unsigned long address)
{
    return address & -PAGE;
}

/* Returns whether the address lies in a page of so many bytes that begin at this one. */
static int near(unsigned long address, unsigned long begin, int length)
{
    return page_of(address) == page_of(begin) || page_of(address) == page_of(begin + length - 1);
}

static enum access access_at(unsigned long address)
{
    const struct user_regs_struct *registers = &last.registers;
    unsigned char code[8];
    if (ask_host(PTRACE_PEEKTEXT, last.pid, (void *)registers->rip, code) < 0)
        return UNCLEAR;
    int repeated = code[0] == 0xf3;
    if ((code[repeated] & 0xfe) == 0xa4 || (repeated && code[1] == 0x48 && code[2] == 0xa5)) { /* movs */
        int from = near(address, registers->rsi, MOVED), to = near(address, registers->rdi, MOVED);
        return from == to ? UNCLEAR : to ? WRITES : READS;
    }
    return access_by(code);
}

int tell_fault(pid_t pid)
{
    if (!shared || last.pid != pid || last.signal.si_signo != SIGSEGV)
        return 0;
    unsigned long address = (unsigned long)last.signal.si_addr;
    int error = BY_USER;
    if (last.signal.si_code == SEGV_ACCERR) {
        if (access_at(address) != WRITES)
            return 0;
        error |= PRESENT | WRITTEN;
    } else if (last.signal.si_code != SEGV_MAPERR) {
        return 0;
    } else if (!near(address, last.registers.rip, INSTRUCTION)) { /* otherwise it may itself be what is not there */
        enum access access = access_at(address);
        if (access == UNCLEAR)
            return 0;
        error |= access == WRITES ? WRITTEN : 0;
    }
    struct faultinfo told = {error, address, PAGE_FAULT};
    struct iovec ours = {&told, sizeof told}, its = {(void *)shared, sizeof told};
    return process_vm_writev(pid, &ours, 1, &its, 1, 0) == sizeof told;
}

void learn_from(pid_t pid)
{
    struct user_regs_struct registers;
    if (!shared && ask_host(PTRACE_GETREGS, pid, 0, &registers) == 0)
        shared = page_of(registers.rsp); /* its handler's stack lies there too */
}
