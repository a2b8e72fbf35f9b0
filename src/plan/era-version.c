#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "plan/era-parts.h"

bool era_version_parse(const char *release, unsigned ret_version[3])
{
    unsigned version[3] = {0};
    const char *p = release;
    for (size_t i = 0; i < 3 && isdigit((unsigned char)*p); i++) {
        char *end;
        unsigned long value = strtoul(p, &end, 10);
        version[i] = value > 99999 ? 99999 : (unsigned)value;
        p = *end == '.' ? end + 1 : "";
    }
    if (!isdigit((unsigned char)*release))
        return false;
    memcpy(ret_version, version, sizeof version);
    return true;
}

static int sign(long long value)
{
    return (value > 0) - (value < 0);
}

/* A run of digits or of letters at *p, its length; *p is moved behind it. */
static size_t take_run(const char **p, const char *end, bool digits)
{
    const char *start = *p;
    while (*p < end && (digits ? isdigit((unsigned char)**p) : isalpha((unsigned char)**p)))
        (*p)++;
    return (size_t)(*p - start);
}

static int compare_numbers(const char *a, size_t a_length, const char *b, size_t b_length)
{
    for (; a_length && *a == '0'; a_length--)
        a++;
    for (; b_length && *b == '0'; b_length--)
        b++;
    if (a_length != b_length)
        return a_length < b_length ? -1 : 1;
    return sign(memcmp(a, b, a_length));
}

static int compare_words(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int r = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return r ? sign(r) : sign((long long)a_length - (long long)b_length);
}

static const char *skip_separators(const char *p, const char *end)
{
    while (p < end && !isalnum((unsigned char)*p) && *p != '~')
        p++;
    return p;
}

/* rpm's rule: runs of digits and letters in turn, digits beat letters, more beats less, and '~'
 * sorts before everything, even the end. */
static int compare_runs(const char *a, const char *a_end, const char *b, const char *b_end)
{
    for (;;) {
        a = skip_separators(a, a_end);
        b = skip_separators(b, b_end);
        bool a_tilde = a < a_end && *a == '~', b_tilde = b < b_end && *b == '~';
        if (a_tilde != b_tilde)
            return a_tilde ? -1 : 1;
        if (a_tilde) {
            a++, b++;
            continue;
        }
        if (a == a_end || b == b_end)
            return (a < a_end) - (b < b_end);
        bool digits = isdigit((unsigned char)*a);
        if (digits != !!isdigit((unsigned char)*b))
            return digits ? 1 : -1;
        const char *a_run = a, *b_run = b;
        size_t a_length = take_run(&a, a_end, digits), b_length = take_run(&b, b_end, digits);
        int r = (digits ? compare_numbers : compare_words)(a_run, a_length, b_run, b_length);
        if (r)
            return r;
    }
}

int era_release_compare(const char *a, const char *b)
{
    const char *a_dash = strchrnul(a, '-'), *b_dash = strchrnul(b, '-');
    int r = compare_runs(a, a_dash, b, b_dash);
    return r ? r : compare_runs(a_dash, a + strlen(a), b_dash, b + strlen(b));
}

static int rank(const struct era_kernel *kernel)
{
    return kernel->is_rescue ? 2 : strstr(kernel->release, "debug") ? 1 : 0;
}

static int compare_kernels(const void *a, const void *b)
{
    const struct era_kernel *x = a, *y = b;
    if (rank(x) != rank(y))
        return rank(x) - rank(y);
    int r = era_release_compare(y->release, x->release);
    return r ? r : strcmp(x->release, y->release);
}

void era_kernels_sort(struct era_kernel *kernels, size_t n)
{
    if (n)
        qsort(kernels, n, sizeof *kernels, compare_kernels);
}
