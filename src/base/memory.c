#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static _Noreturn void out_of_memory(void)
{
    static const char text[] = "slipway: out of memory\n";
    ssize_t r = write(STDERR_FILENO, text, sizeof text - 1);
    (void)r;
    abort();
}

static void *checked(void *p)
{
    if (!p)
        out_of_memory();
    return p;
}

void *xmalloc(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
    return checked(realloc(old, size ? size : 1));
}

void *xmemdup(const void *bytes, size_t size)
{
    void *copy = xmalloc(size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *xstrdup(const char *s)
{
    return s ? checked(strdup(s)) : NULL;
}

char *xstrndup(const char *s, size_t max)
{
    return checked(strndup(s, max));
}

char *xvprintf(const char *format, va_list ap)
{
    char *text = NULL;
    if (vasprintf(&text, format, ap) < 0)
        out_of_memory();
    return text;
}

char *xprintf(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *text = xvprintf(format, ap);
    va_end(ap);
    return text;
}

static bool is_full(size_t count)
{
    return count == 0 || (count >= 4 && (count & (count - 1)) == 0);
}

static size_t bytes_for(size_t count, size_t element_size)
{
    size_t capacity = count < 4 ? 4 : count * 2;
    size_t bytes;
    if (__builtin_mul_overflow(capacity, element_size, &bytes))
        out_of_memory();
    return bytes;
}

void *array_grow(void *array, size_t count, size_t element_size)
{
    if (is_full(count))
        array = xrealloc(array, bytes_for(count, element_size));
    memset((char *)array + count * element_size, 0, element_size);
    return array;
}

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(max_align_t) char data[];
};

struct arena {
    struct chunk *chunks;
};

struct arena *arena_new(void)
{
    return xcalloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct chunk *c = arena->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t), usual = 64 * 1024;
    if (size > SIZE_MAX / 2)
        out_of_memory();
    size = (size + align - 1) / align * align;
    struct chunk *c = arena->chunks;
    if (!c || c->size - c->used < size) {
        size_t room = size > usual ? size : usual;
        c = xmalloc(sizeof *c + room);
        *c = (struct chunk){.next = arena->chunks, .size = room};
        arena->chunks = c;
    }
    void *p = c->data + c->used;
    c->used += size;
    memset(p, 0, size);
    return p;
}

void *arena_dup(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
    return s ? arena_dup(arena, s, strlen(s) + 1) : NULL;
}

char *arena_strndup(struct arena *arena, const char *s, size_t max)
{
    size_t length = strnlen(s, max);
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, s, length);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    auto_free char *text = xvprintf(format, ap);
    va_end(ap);
    return arena_strdup(arena, text);
}

void *arena_grow(struct arena *arena, void *array, size_t count, size_t element_size)
{
    if (is_full(count)) {
        void *bigger = arena_alloc(arena, bytes_for(count, element_size));
        if (count)
            memcpy(bigger, array, count * element_size);
        array = bigger;
    }
    memset((char *)array + count * element_size, 0, element_size);
    return array;
}
