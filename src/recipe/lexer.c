#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "recipe/internal.h"

struct lexer {
    const char *at;
    struct strbuf word;
    bool in_word, quoted, hash_in_word;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static int fault_set(struct lex_fault *fault, const char *text, const char *hint)
{
    *fault = (struct lex_fault){text, hint};
    return -EINVAL;
}

static int take_quoted(struct lexer *lex, char quote, struct lex_fault *fault)
{
    lex->quoted = lex->quoted || !lex->in_word;
    lex->in_word = true;
    for (lex->at++; *lex->at != quote; lex->at++) {
        if (*lex->at == '\0') {
            if (quote == '"')
                return fault_set(fault, "a double quote (\") is opened and never closed",
                    "close it on the same line");
            return fault_set(fault, "an apostrophe (') opens a quotation that is never closed",
                "put the value in double quotes if the apostrophe belongs to it");
        }
        if (quote == '"' && *lex->at == '\\' && (lex->at[1] == '"' || lex->at[1] == '\\'))
            lex->at++;
        strbuf_putc(&lex->word, *lex->at);
    }
    lex->at++;
    return 0;
}

static int take_escaped(struct lexer *lex, struct lex_fault *fault)
{
    const char *next = lex->at + 1;
    if (next[strspn(next, " \t\r")] == '\0')
        return fault_set(fault, "a backslash at its end does not continue a line",
            "write the whole command on one line");
    lex->in_word = true;
    strbuf_putc(&lex->word, *next);
    lex->at += 2;
    return 0;
}

static void end_word(struct lexer *lex, struct arena *arena, struct words *ret)
{
    if (!lex->in_word)
        return;
    struct word *word = arena_push(arena, ret->v, ret->n);
    word->text = arena_strndup(arena, lex->word.s ? lex->word.s : "", lex->word.len);
    word->quoted = lex->quoted;
    lex->word.len = 0;
    lex->in_word = lex->quoted = false;
}

static int take_word_piece(struct lexer *lex, struct lex_fault *fault)
{
    if (*lex->at == '"' || *lex->at == '\'')
        return take_quoted(lex, *lex->at, fault);
    if (*lex->at == '\\')
        return take_escaped(lex, fault);
    lex->in_word = true;
    strbuf_putc(&lex->word, *lex->at++);
    return 0;
}

int lex_line(struct arena *arena, const char *line, struct words *ret, struct lex_fault *fault,
    bool *ret_hash_in_word)
{
    struct lexer lex = {.at = line};
    int r = 0;
    *ret = (struct words){0};
    *fault = (struct lex_fault){0};
    while (r == 0 && *lex.at != '\0') {
        if (*lex.at == '#') {
            lex.hash_in_word = lex.in_word;
            break;
        }
        if (is_blank(*lex.at)) {
            end_word(&lex, arena, ret);
            lex.at++;
        } else {
            r = take_word_piece(&lex, fault);
        }
    }
    end_word(&lex, arena, ret);
    *ret_hash_in_word = lex.hash_in_word;
    strbuf_done(&lex.word);
    return r;
}
