#include <stdio.h>

int main(void)
{
    fprintf(stderr, "slipway: nothing to run yet\n");
    return 2;
}
