#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

typedef enum __ptrace_request request_t;

/* Asks the host's kernel, as libc's ptrace(3) does; what PTRACE_PEEK... reads is stored where data points. */
static inline long ask_host(request_t request, pid_t pid, void *address, void *data)
{
    return syscall(SYS_ptrace, (long)request, (long)pid, address, data);
}
