/*
 * Stand-ins for tools of the image that a %post calls as if the image were a disk already: those
 * that write boot sectors, that label files, that trim. They succeed and say what happens instead.
 * Only tools that the image has are covered. Not for other rooms.
 */
#pragma once

#include "base/err.h"
#include "base/memory.h"
#include "sandbox/sandbox.h"

/* What a stand-in says begins with this when the reader must know. */
#define STAND_IN_MARK "slipway: "

struct stand_ins {
    struct arena *arena;
    struct sandbox_bind *binds;
    size_t n_binds;
};

int stand_ins_make(int root, struct stand_ins *ret_tools, struct err *err);
int stand_ins_remove(int root, struct stand_ins *tools, struct err *err);
