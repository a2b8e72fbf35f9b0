/*
 * What the files of recipe/ share: the parser's state, the table-driven grammar, and the helpers
 * that say where something is wrong. Nothing here leaves the room.
 *
 * The grammar is data: each command has a struct command_spec, each of its options a struct
 * option_spec that names the field it fills. A file a subject holds the tables and what is left
 * to check once the options are in place (finish).
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/memory.h"
#include "recipe/recipe.h"

/* --- words (lexer.c) --- */
struct word {
    char *text;
    bool quoted; /* begins in quotes: is a value even if that begins with '-' */
};
struct words {
    struct word *v;
    size_t n;
};
struct lex_fault {
    const char *text, *hint; /* text NULL: none */
};
/* Cut a line into words as a shell would: quotes, backslashes, '#' comments. */
int lex_line(struct arena *arena, const char *line, struct words *ret, struct lex_fault *fault,
    bool *ret_hash_in_word);

/* --- the parser's state --- */
struct source {
    const char *file; /* for messages */
    const char *dir;  /* what its %includes are relative to; NULL: the working directory */
    unsigned line;
    dev_t device;
    ino_t inode; /* 0: not a file */
    struct source *parent;
};

enum section { SECTION_COMMANDS, SECTION_PACKAGES, SECTION_SCRIPT, SECTION_ADDON, SECTION_SKIPPED };

struct missing_include {
    struct recipe_place place;
    const char *path;
    const char *reason;
};

struct parser {
    struct arena *arena; /* the recipe's */
    struct recipe *recipe;
    const struct recipe_options *options;
    struct err *err;
    struct source *source;
    unsigned depth, files_read;
    size_t bytes_read;

    enum section section;
    const char *section_name;
    struct recipe_place section_place;
    const struct source *section_source;
    struct strbuf body; /* of the open script or addon */

    struct recipe_place *seen; /* by grammar_index(): the last line of each command */
    struct missing_include *missing;
    size_t n_missing;
    struct recipe_place method_place;
    bool has_anything;
};

struct recipe_place parser_place(const struct parser *p);
void parser_warn(struct parser *p, struct recipe_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void parser_note(struct parser *p, struct recipe_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* A thing that is understood and can't be done; hint may be NULL. */
void parser_refuse(struct parser *p, struct recipe_place place, const char *hint,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* An error at 'place' with a hint (or NULL). Returns -EINVAL. */
int parser_error(struct parser *p, struct recipe_place place, const char *hint, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
/* 'line 12' or 'other.ks:12', as seen from 'from'. */
const char *place_from(struct arena *arena, struct recipe_place from, struct recipe_place place);

/* --- the grammar (command.c, grammar.c) --- */
enum spec_class {
    CLASS_SUPPORTED,
    CLASS_QUIET,  /* accepted, without effect */
    CLASS_WARN,   /* accepted, with a warning: note */
    CLASS_REFUSE, /* understood, can't be done: note and cure */
    CLASS_REJECT, /* an error: note and cure */
};

enum option_type {
    OPTION_NONE,   /* no value, no field */
    OPTION_VALUE,  /* a value that is dropped */
    OPTION_FLAG,   /* bool = true */
    OPTION_CONST,  /* int-sized enum = number */
    OPTION_ITEM,   /* strv += item */
    OPTION_STRING, /* char * */
    OPTION_INT,    /* int, not negative */
    OPTION_ID,     /* int64_t: a uid or gid */
    OPTION_MIB,    /* uint64_t */
    OPTION_KIB,    /* uint64_t */
    OPTION_SWITCH, /* enum recipe_switch from yes/no and the like */
    OPTION_BOOL,   /* bool from yes/no and the like */
    OPTION_CHOICE, /* int-sized enum, one of choices */
    OPTION_LIST,   /* strv += pieces between commas and blanks */
};

struct choice {
    const char *name; /* NULL ends the list */
    int value;
};

struct option_spec {
    const char *name; /* without '--'; NULL ends the table */
    enum option_type type;
    size_t offset; /* in the command's target */
    int number;
    const char *item;
    const struct choice *choices;
    enum spec_class class;
    const char *note, *cure;
};

/* Entries of option tables. T: OPTION_NONE or OPTION_VALUE where no field is filled. */
#define OPTION(N, T, O)                                                                            \
    {                                                                                              \
        .name = (N), .type = (T), .offset = (O)                                                    \
    }
#define OPTION_SET(N, O, NUMBER)                                                                   \
    {                                                                                              \
        .name = (N), .type = OPTION_CONST, .offset = (O), .number = (NUMBER)                       \
    }
#define OPTION_ONE_OF(N, O, C)                                                                     \
    {                                                                                              \
        .name = (N), .type = OPTION_CHOICE, .offset = (O), .choices = (C)                          \
    }
#define OPTION_QUIET(N, T)                                                                         \
    {                                                                                              \
        .name = (N), .type = (T), .class = CLASS_QUIET                                             \
    }
#define OPTION_WARNED(N, T, TEXT)                                                                  \
    {                                                                                              \
        .name = (N), .type = (T), .class = CLASS_WARN, .note = (TEXT)                              \
    }
#define OPTION_REFUSED(N, T, TEXT, CURE)                                                           \
    {                                                                                              \
        .name = (N), .type = (T), .class = CLASS_REFUSE, .note = (TEXT), .cure = (CURE)            \
    }
#define OPTION_REJECTED(N, T, TEXT, CURE)                                                          \
    {                                                                                              \
        .name = (N), .type = (T), .class = CLASS_REJECT, .note = (TEXT), .cure = (CURE)            \
    }
#define OPTION_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }

struct command;
struct command_spec {
    const char *name; /* NULL ends the table */
    const struct option_spec *options;
    int (*finish)(struct command *c); /* after the options are in the target; may be NULL */
    size_t scratch_bytes; /* != 0: the target is a new zeroed struct, else recipe + offset */
    size_t offset;
    unsigned min_args, max_args;
    const char *argument; /* what its words without '--' are, for messages */
    const char *usage;    /* how to write it, when an argument is missing or too much */
    bool raw;             /* words are not looked at (auth and the like) */
    bool says_again;      /* a second line replaces the first: say so */
    enum spec_class class;
    const char *note, *cure;
};

struct command {
    struct parser *parser;
    const struct command_spec *spec;
    const char *name; /* as written */
    struct recipe_place place;
    struct words words; /* all, without the name */
    char **args;        /* those that are no options */
    size_t n_args;
    void *target;
    uint64_t given; /* bit i: options[i] was given */
};

#define OFFSET(type, field) offsetof(struct type, field)

/* Parse the words behind a command's or a section's name by its table, then finish. */
int command_run(struct command *c);
bool command_has(const struct command *c, const char *option);
int command_error(struct command *c, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void command_warn(struct command *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void command_refuse(struct command *c, const char *hint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Words of the line that the hand or the editor has spoilt (slips.c): an error that names them. */
int slips_check(struct command *c);
/* What to do about a word that is neither an option nor an argument. */
const char *slips_hint(struct command *c, const char *extra);
/* A line of the command section, cut into words. */
int grammar_run(struct parser *p, const struct words *words);
bool parse_boolean(const char *s, bool *ret);

extern const struct command_spec storage_commands[], volume_commands[], boot_commands[],
    network_commands[], account_commands[], system_commands[], source_commands[],
    installer_commands[], refused_commands[];

/* What part, autopart and logvol have for encrypted disks: refused by the option that asks for it.
 */
#define ENCRYPTION_OPTIONS(what)                                                                   \
    OPTION_REFUSED("encrypted", OPTION_NONE, what,                                                 \
        "take the encryption options out; on EC2 the volume itself can be encrypted"),             \
        OPTION_QUIET("passphrase", OPTION_VALUE), OPTION_QUIET("escrowcert", OPTION_VALUE),        \
        OPTION_QUIET("backuppassphrase", OPTION_NONE), OPTION_QUIET("cipher", OPTION_VALUE),       \
        OPTION_QUIET("luks-version", OPTION_VALUE), OPTION_QUIET("pbkdf", OPTION_VALUE),           \
        OPTION_QUIET("pbkdf-memory", OPTION_VALUE), OPTION_QUIET("pbkdf-time", OPTION_VALUE),      \
        OPTION_QUIET("pbkdf-iterations", OPTION_VALUE)

/* The nearest of n names, or NULL if none is near (suggest.c). */
const char *suggest_name(const char *word, const char *const *names, size_t n);

/* --- sections (section.c, script.c, packages.c) --- */
bool section_is_registered(const char *word);
/* The sections by number, for who lists them; NULL behind the last. */
const char *section_name(size_t index, enum spec_class *ret_class);
extern const struct command_spec script_spec, packages_spec, group_spec;
int section_begin(struct parser *p, const struct words *words);
int section_end(struct parser *p);
int script_begin(struct parser *p, const struct words *words);
int script_end(struct parser *p);
/* The word of a here-document that is still open at the end of 'text', or NULL. */
char *script_open_heredoc(struct arena *arena, const char *text);
int packages_begin(struct parser *p, const struct words *words);
int packages_line(struct parser *p, const char *line);
int addon_begin(struct parser *p, const struct words *words);
int addon_end(struct parser *p);

/* --- files (reader.c) --- */
int reader_text(struct parser *p, struct source *source, const char *text, size_t size);
int include_file(struct parser *p, const char *path);

/* --- what only shows once all is read (check.c, pre.c) --- */
int check_recipe(struct parser *p);
void check_pre_scripts(struct parser *p);

/* --- printing (json.c) --- */
struct json_t;
/* What was understood as a JSON object; the caller decrefs it. */
struct json_t *recipe_json(const struct recipe *recipe);
