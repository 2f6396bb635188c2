enum access { UNCLEAR, READS, WRITES };

/* Returns what the instruction that begins with these bytes does with the memory that it names. */
enum access access_by(const unsigned char code[8]);
