#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

/* The process has stopped with these registers, and with this signal. */
void stopped_with(pid_t pid, const struct user_regs_struct *registers);
void stopped_by(pid_t pid, const siginfo_t *signal);

/* Tells the kernel what the process stumbled over, and returns 1; 0: the process has to tell itself, by the signal. */
int tell_fault(pid_t pid);

/* The process has told itself. */
void learn_from(pid_t pid);
