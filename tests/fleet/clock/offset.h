// Where the shift of the clock lies, in seconds: below what the kernel gives out by itself.
#define OFFSET 0x100000000000ul
