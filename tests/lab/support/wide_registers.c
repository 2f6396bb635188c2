/*
 * Lets Debian's user-mode kernel run on processors with AMX.
 *
 * That kernel saves and restores the registers of its processes by ptrace(2) in a buffer of its own, which is as long as
 * registers were before AMX.  The host's kernel cuts short what it gives, but sets registers only from a buffer of full
 * length (xstateregs_set in arch/x86/kernel/fpu/regset.c), so each boot would end in a panic.  Loaded before libc, this
 * lengthens the buffer with zeros; the states that lie there are marked as not in use, because the processes use no AMX.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef enum __ptrace_request request_t;

static char registers[64 * 1024] __attribute__((aligned(64)));
static size_t full_length;

long ptrace(request_t request, ...)
{
    static long (*libc_ptrace)(request_t, ...);
    if (!libc_ptrace)
        libc_ptrace = (long (*)(request_t, ...))dlsym(RTLD_NEXT, "ptrace");

    va_list arguments;
    va_start(arguments, request);
    pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *);
    void *data = va_arg(arguments, void *);
    va_end(arguments);
    if (request != PTRACE_SETREGSET || address != (void *)NT_X86_XSTATE)
        return libc_ptrace(request, pid, address, data);

    if (!full_length) {
        struct iovec whole = {registers, sizeof registers};
        if (libc_ptrace(PTRACE_GETREGSET, pid, address, &whole) < 0)
            return -1;
        full_length = whole.iov_len;
        memset(registers, 0, sizeof registers);
    }
    const struct iovec *given = data;
    if (given->iov_len >= full_length)
        return libc_ptrace(request, pid, address, data);
    memcpy(registers, given->iov_base, given->iov_len);
    struct iovec lengthened = {registers, full_length};
    return libc_ptrace(request, pid, address, &lengthened);
}
