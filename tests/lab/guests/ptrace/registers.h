#include <sys/types.h>
#include <sys/uio.h>

/* Read and write a process's registers as PTRACE_GETREGSET and PTRACE_SETREGSET do. */
long read_registers(pid_t pid, struct iovec *wanted);
long write_registers(pid_t pid, const struct iovec *given);

/* The process is about to run its own code: see that it has the registers that were written last. */
long run_own_code(pid_t pid);

/* A signal clears its registers. */
void clear_registers(pid_t pid);

/* It ends, and another process may come to have its number. */
void forget_registers(pid_t pid);
