/* embed ARCHITECTURE FILE ...: writes a C source with these files as init_programs[]. */
#include <stdio.h>

static int embed(const char *path, int number)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        perror(path);
        return 1;
    }
    printf("static const unsigned char bytes_%d[] = {", number);
    int c;
    for (long n = 0; (c = getc(in)) != EOF; n++)
        printf("%s%d,", n % 24 ? "" : "\n    ", c);
    printf("\n};\n");
    fclose(in);
    return 0;
}

int main(int argc, char **argv)
{
    printf("#include \"program.h\"\n\n");
    for (int i = 1; i + 1 < argc; i += 2)
        if (embed(argv[i + 1], i))
            return 1;
    printf("\nconst struct init_program init_programs[] = {\n");
    for (int i = 1; i + 1 < argc; i += 2)
        printf("    {\"%s\", bytes_%d, sizeof bytes_%d},\n", argv[i], i, i);
    printf("    {0, 0, 0},\n};\n");
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
