/*
 * A root made from a description, and what has changed in it. A description is lines:
 *     d MODE PATH            directory
 *     f MODE PATH            file; the lines below that begin with '|' are its text
 *     b MODE PATH            file of 256 bytes, each another
 *     h PATH                 sparse file of 1 GiB
 *     p PATH                 fifo
 *     l PATH TARGET          symlink
 *     x PATH SOURCE          program of this machine, and the libraries it needs
 * Parents are made with mode 0755. Owners are 0:0.
 */
#pragma once

#include "base/strbuf.h"

/* Make what 'text' describes in the directory 'root'. Ends the program when it can't. */
void made_root_fill(int root, const char *text);
/* Everything in 'root', a line a path, files with their text: the caller frees. */
char *made_root_dump(int root);
/* The paragraphs of 'after' that are not in 'before', and the paths that are gone. */
void made_root_print_changes(const char *before, const char *after);
