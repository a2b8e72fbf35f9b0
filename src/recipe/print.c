/* The recipe as text, one fact a line, made of its JSON. */
#include <jansson.h>
#include <string.h>

#include "recipe/internal.h"

/* A string as one word: quoted when it has blanks, quotes or control characters. */
static void print_word(FILE *out, const char *s)
{
    bool plain = *s != '\0';
    for (const char *at = s; *at; at++)
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '\\' || *at == 0x7f)
            plain = false;
    if (plain) {
        fputs(s, out);
        return;
    }
    struct strbuf quoted = {0};
    strbuf_json(&quoted, s);
    fputs(quoted.s, out);
    strbuf_done(&quoted);
}

static void print_list(FILE *out, const json_t *array, const char *separator)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            fputs(separator, out);
        print_word(out, json_string_value(json_array_get(array, i)));
    }
}

static void print_password(FILE *out, const json_t *password)
{
    const char *separator = "";
    if (json_object_get(password, "text")) {
        fputs(json_is_true(json_object_get(password, "is_crypted")) ? "crypted" : "plain", out);
        separator = ",";
    }
    if (json_is_true(json_object_get(password, "lock")))
        fprintf(out, "%slocked", separator);
}

static void print_value(FILE *out, const json_t *value, const char *separator)
{
    if (json_is_string(value))
        print_word(out, json_string_value(value));
    else if (json_is_integer(value))
        fprintf(out, "%lld", (long long)json_integer_value(value));
    else if (json_is_array(value))
        print_list(out, value, separator);
    else if (json_is_object(value))
        print_password(out, value);
    else
        fputs(json_is_true(value) ? "yes" : "no", out);
}

static void print_lines(FILE *out, const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    fprintf(out, " lines=%zu", lines);
}

/* ' key=value' for all but the place and what 'skip' names. */
static void print_pairs(FILE *out, const json_t *object, const char *skip)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (strcmp(key, "place") == 0 || strcmp(key, "set") == 0 || strcmp(key, "items") == 0 ||
            (skip && strcmp(key, skip) == 0))
            continue;
        if (strcmp(key, "text") == 0 && json_is_string(value)) {
            print_lines(out, json_string_value(value));
        } else if (json_is_true(value)) {
            fprintf(out, " %s", key);
        } else {
            fprintf(out, " %s=", key);
            print_value(out, value, ",");
        }
    }
    const json_t *place = json_object_get(object, "place");
    if (place)
        fprintf(out, " (%s:%lld)", json_string_value(json_object_get(place, "file")),
            (long long)json_integer_value(json_object_get(place, "line")));
    fputc('\n', out);
}

static bool is_name_key(const char *key)
{
    static const char *const keys[] = {"name", "mountpoint", "device", "user", "kind"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* The first key of an element is its name; a network line may have none. */
static void print_elements(FILE *out, const char *name, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        void *first = json_object_iter((json_t *)(uintptr_t)object);
        const char *key = json_object_iter_key(first);
        fprintf(out, "%s:", name);
        if (is_name_key(key)) {
            fputc(' ', out);
            print_value(out, json_object_iter_value(first), ",");
        } else {
            key = NULL;
        }
        print_pairs(out, object, key);
    }
}

static void print_packages(FILE *out, const json_t *packages)
{
    fputs("packages:", out);
    print_pairs(out, packages, NULL);
    const json_t *items = json_object_get(packages, "items");
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *kind = json_string_value(json_object_get(item, "kind"));
        const char *sigil = strcmp(kind, "package") == 0 ? ""
                            : strcmp(kind, "group") == 0 ? "@"
                                                         : "@^";
        fprintf(out, "package: %s%s%s", json_object_get(item, "exclude") ? "-" : "", sigil,
            json_string_value(json_object_get(item, "name")));
        if (json_object_get(item, "nodefaults"))
            fputs(" nodefaults", out);
        if (json_object_get(item, "optional"))
            fputs(" optional", out);
        fputc('\n', out);
    }
}

/* 'users' holds elements that are a 'user' each. */
static void print_array(FILE *out, const char *key, const json_t *array)
{
    if (json_is_object(json_array_get(array, 0))) {
        auto_free char *name = xstrndup(key, strlen(key) - 1);
        print_elements(out, name, array);
        return;
    }
    fprintf(out, "%s: ", key);
    print_list(out, array, " ");
    fputc('\n', out);
}

/* What slipway does not do, with the cure on a line of its own. */
static void print_refusals(FILE *out, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        const json_t *place = json_object_get(object, "place");
        const char *hint = json_string_value(json_object_get(object, "hint"));
        fprintf(out, "refused: %s:%lld: %s\n", json_string_value(json_object_get(place, "file")),
            (long long)json_integer_value(json_object_get(place, "line")),
            json_string_value(json_object_get(object, "text")));
        if (hint)
            fprintf(out, "    hint: %s\n", hint);
    }
}

static void print_notes(FILE *out, const json_t *array)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        fprintf(out, "note: %s", json_string_value(json_object_get(object, "text")));
        print_pairs(out, object, "text");
    }
}

void recipe_print(const struct recipe *recipe, FILE *out)
{
    json_t *object = recipe_json(recipe), *value;
    const char *key;
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "warnings") == 0)
            continue; /* who reads a recipe prints them as they come */
        if (strcmp(key, "refusals") == 0) {
            print_refusals(out, value);
        } else if (strcmp(key, "packages") == 0) {
            print_packages(out, value);
        } else if (strcmp(key, "notes") == 0) {
            print_notes(out, value);
        } else if (json_is_array(value)) {
            print_array(out, key, value);
        } else if (json_is_object(value) && strcmp(key, "rootpw") != 0) {
            fprintf(out, "%s:", key);
            print_pairs(out, value, NULL);
        } else {
            fprintf(out, "%s: ", key);
            print_value(out, value, " ");
            fputc('\n', out);
        }
    }
    json_decref(object);
}
