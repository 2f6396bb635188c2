"""What is told of an instruction that stumbled: whether it reads or writes (tests/lab/guests/ptrace/instructions.c)."""

import ctypes
import subprocess

import pytest

from tests.lab.guests.processor import compiled

pytestmark = pytest.mark.lab

UNCLEAR, READS, WRITES = range(3)
MEANT = {
    READS: """
        mov (%rax),%rbx;  mov 8(%rsp),%r12b;  movzbl (%rdi),%eax;  movsbq (%rdi),%r9;  movslq (%rdx),%rdx
        cmp %rax,(%rbx);  cmp (%rbx),%r8;  cmpq $1,(%rdi);  cmpb $0,(%r15);  cmpl $100000,8(%rdx)
        test %eax,(%rcx);  testb $2,(%rax);  add (%rax),%rbx;  sub (%r8),%r9;  xor (%rax),%ebx;  imul (%rax),%rbx
        mulq (%rax);  divl (%rax);  pop %rax;  ret;  leave;  lodsb;  scasb;  cmovne (%rax),%rbx
        movups (%rax),%xmm0;  movdqu (%r9),%xmm1;  pcmpeqb (%rdi),%xmm2;  ucomisd (%rax),%xmm0;  addsd (%rax),%xmm3
        vmovdqu (%rdi),%ymm0;  vpcmpeqb (%rdi),%ymm1,%ymm2;  vmovdqu64 (%rdi),%ymm16;  mov %fs:(%rax),%rbx
        bsf (%rax),%rbx;  pxor (%rax),%xmm0;  movhps (%rax),%xmm0
    """,
    WRITES: """
        mov %rax,(%rbx);  mov %r12b,8(%rsp);  movq $0,(%rdi);  movb $1,(%r15);  movw $1,(%rax);  mov %ecx,%fs:(%rax)
        add %rax,(%rbx);  addq $1,(%rdi);  subq $1,(%r14);  orl $100000,8(%rdx);  xor %ecx,(%rdx);  andb $3,(%rax)
        incq (%rax);  decl (%rax);  negq (%rax);  notl (%rax);  shll $3,(%rax);  sarq (%rax);  xchg %rax,(%rbx)
        lock incq (%rax);  lock cmpxchg %rcx,(%rdx);  cmpxchg %rcx,(%rdx);  xadd %eax,(%rdx);  sete (%rax)
        push %rbp;  push %r12;  push $1;  push $1000;  pushf;  call .;  stosb;  rep stosq
        movups %xmm0,(%rax);  movaps %xmm0,(%rax);  movdqa %xmm1,(%r9);  movq %xmm2,(%rdi);  movnti %rax,(%rbx)
        vmovdqu %ymm0,(%rdi);  vmovups %xmm1,(%rdi);  vmovdqu64 %ymm16,(%rdi);  bts %rax,(%rbx)
    """,
    UNCLEAR: """
        call *(%rax);  jmp *(%rax);  push (%rax);  movsb;  rep movsq;  pshufb (%rax),%xmm0;  fstpl (%rax);  fldl (%rax)
        fxsave (%rax);  cpuid;  vpermq $1,(%rax),%ymm0;  vpgatherdd %ymm1,(%rax,%ymm2,4),%ymm0
    """,
}
"""In the assembler's words."""


@pytest.fixture(scope="module")
def access_by(tmp_path_factory):
    return ctypes.CDLL(str(compiled(tmp_path_factory.mktemp("ptrace")))).access_by


def assembled(instructions: list[str], folder) -> list[bytes]:
    """Return the code of each instruction, at its place a multiple of 16 bytes."""
    lines = "".join(f".balign 16, 0x90\n{each}\n" for each in instructions)
    (folder / "it.s").write_text(f"{lines}.balign 16, 0x90\n")
    subprocess.run(["gcc", "-c", "-o", folder / "it.o", folder / "it.s"], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", folder / "it.o", folder / "it"], check=True)
    code = (folder / "it").read_bytes()
    return [code[place : place + 16] for place in range(0, len(code), 16)]


@pytest.mark.parametrize("meant", MEANT, ids=["reads", "writes", "unclear"])
def test_what_an_instruction_does_with_memory(meant, access_by, tmp_path):
    instructions = [each.strip() for line in MEANT[meant].splitlines() for each in line.split(";") if each.strip()]
    told = [access_by(code) for code in assembled(instructions, tmp_path)]

    assert dict(zip(instructions, told, strict=True)) == dict.fromkeys(instructions, meant)
