/*
 * Memory: allocation that ends the program when there is none left (libsolv and GLib below us do
 * the same, so checking would be pretence), cleanup attributes, growing arrays, and arenas.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
void *xmemdup(const void *bytes, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t max);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvprintf(const char *format, va_list ap) __attribute__((format(printf, 1, 0)));

/* Define cleanup_TYPE for variables of type T that FREE releases; FREE must take NULL. */
#define DEFINE_CLEANUP(T, FREE)                                                                    \
    static inline void cleanup_##FREE(T *p)                                                        \
    {                                                                                              \
        FREE(*p);                                                                                  \
    }
#define auto_cleanup(FREE) __attribute__((cleanup(cleanup_##FREE)))

static inline void cleanup_free_pointer(void *p)
{
    free(*(void **)p);
}
static inline void cleanup_close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define auto_free __attribute__((cleanup(cleanup_free_pointer)))
#define auto_close __attribute__((cleanup(cleanup_close_fd)))

static inline int steal_fd(int *fd)
{
    int value = *fd;
    *fd = -1;
    return value;
}
/* The value of *p, which becomes NULL: ownership goes to whoever takes the value. */
#define steal(p)                                                                                   \
    ({                                                                                             \
        __auto_type steal_value_ = *(p);                                                           \
        *(p) = NULL;                                                                               \
        steal_value_;                                                                              \
    })

/* Room for one more element behind the count there are; capacity is the next power of two. */
void *array_grow(void *array, size_t count, size_t element_size);
/* Append a zeroed element to 'array' of 'count' elements (both lvalues); yields its address. */
#define array_push(array, count)                                                                   \
    ((array) = array_grow((array), (count), sizeof(*(array))), &(array)[(count)++])

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* An arena: many small allocations with one free. Everything a stage returns lives in one. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena);
void *arena_alloc(struct arena *arena, size_t size); /* zeroed, aligned for any type */
void *arena_dup(struct arena *arena, const void *bytes, size_t size);
char *arena_strdup(struct arena *arena, const char *s); /* NULL for NULL */
char *arena_strndup(struct arena *arena, const char *s, size_t max);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* As array_grow, in an arena: old copies stay until the arena goes. */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t element_size);
#define arena_push(arena, array, count)                                                            \
    ((array) = arena_grow((arena), (array), (count), sizeof(*(array))), &(array)[(count)++])
DEFINE_CLEANUP(struct arena *, arena_free)
