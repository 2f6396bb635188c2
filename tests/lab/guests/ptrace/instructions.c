/*
 * Tells whether an instruction of x86-64 reads or writes the memory at which it stumbled.
 *
 * Only what is beyond doubt is told.  Opcodes as in the Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 2, appendix A.
 */
#include "instructions.h"

static int within(int value, int first, int last)
{
    return value >= first && value <= last;
}

/* The group that the reg field of the ModRM byte belongs to says what is done. */
static int reg_field(const unsigned char *modrm)
{
    return *modrm >> 3 & 7;
}

static enum access of_two_bytes(int opcode)
{
    switch (opcode) {
    case 0x11: case 0x13: case 0x17: case 0x29: case 0x2b: case 0x7f: case 0xd6: case 0xe7: /* moves from a vector */
    case 0xab: case 0xb3: case 0xbb:                                                        /* bts, btr, btc */
    case 0xb0: case 0xb1: case 0xc0: case 0xc1: case 0xc3:                                  /* cmpxchg, xadd, movnti */
        return WRITES;
    case 0x10: case 0x12: case 0x16: case 0x28: case 0x2e: case 0x2f: /* moves to a vector, and compares */
    case 0x70: case 0x74: case 0x75: case 0x76:                       /* pshuf, pcmpeq */
    case 0xaf: case 0xb6: case 0xb7: case 0xbc: case 0xbd: case 0xbe: case 0xbf: /* imul, movzx, bsf, bsr, movsx */
    case 0xd4: case 0xda: case 0xdb: case 0xde: case 0xdf: case 0xeb: case 0xef: /* of integers in vectors */
        return READS;
    default:
        if (within(opcode, 0x90, 0x9f)) /* setcc */
            return WRITES;
        /* cmovcc; arithmetic, unpacking and comparing of vectors; subtracting and adding of integers in them */
        return within(opcode, 0x40, 0x4f) || within(opcode, 0x54, 0x6f) || within(opcode, 0xf8, 0xfe) ? READS : UNCLEAR;
    }
}

static enum access of_one_byte(const unsigned char *code)
{
    int opcode = *code, reg = reg_field(code + 1);
    if (opcode < 0x40 && (opcode & 7) < 4) /* add, or, adc, sbb, and, sub, xor, cmp */
        return (opcode & 7) > 1 || opcode >= 0x38 ? READS : WRITES;
    if (within(opcode, 0x50, 0x57)) /* push */
        return WRITES;
    if (within(opcode, 0x58, 0x5f)) /* pop */
        return READS;
    switch (opcode) {
    case 0x68: case 0x6a: case 0x9c: case 0xe8:                       /* push, pushf, call */
    case 0x86: case 0x87: case 0x88: case 0x89: case 0xaa: case 0xab: /* xchg, mov, stos */
    case 0xc0: case 0xc1: case 0xd0: case 0xd1: case 0xd2: case 0xd3: /* shifts */
        return WRITES;
    case 0x63: case 0x84: case 0x85: case 0x8a: case 0x8b:            /* movsxd, test, mov */
    case 0xa6: case 0xa7: case 0xac: case 0xad: case 0xae: case 0xaf: /* cmps, lods, scas */
    case 0xc2: case 0xc3: case 0xc9:                                  /* ret, leave */
        return READS;
    case 0x80: case 0x81: case 0x83: /* cmp, or arithmetic with an immediate */
        return reg == 7 ? READS : WRITES;
    case 0xc6: case 0xc7: /* mov of an immediate */
        return reg == 0 ? WRITES : UNCLEAR;
    case 0xf6: case 0xf7: /* not, neg; test, mul, div */
        return reg == 2 || reg == 3 ? WRITES : READS;
    case 0xfe: case 0xff: /* inc, dec; calls, jumps and pushes of what is in memory */
        return reg < 2 ? WRITES : UNCLEAR;
    default:
        return UNCLEAR;
    }
}

enum access access_by(const unsigned char code[8])
{
    int at = 0;
    while (at < 3 && (code[at] == 0x66 || within(code[at], 0xf2, 0xf3) || within(code[at], 0x64, 0x65)))
        at++;
    if (code[at] == 0xf0) /* lock: only what changes memory may bear it */
        return WRITES;
    if (code[at] == 0xc5) /* VEX */
        return of_two_bytes(code[at + 2]);
    if (code[at] == 0xc4)
        return (code[at + 1] & 0x1f) == 1 ? of_two_bytes(code[at + 3]) : UNCLEAR;
    if (code[at] == 0x62) /* EVEX */
        return (code[at + 1] & 7) == 1 ? of_two_bytes(code[at + 4]) : UNCLEAR;
    if (within(code[at], 0x40, 0x4f)) /* REX */
        at++;
    return code[at] == 0x0f ? of_two_bytes(code[at + 1]) : of_one_byte(code + at);
}
