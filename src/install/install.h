/*
 * Verified packages in, a populated root and the outcome of every scriptlet out.
 *
 * This form runs librpm's transaction in a child process inside the sandbox: payload is written in
 * a mount namespace where nothing lies over the root's /dev, /proc and /sys; scriptlets run in
 * another where these are mounted. Device nodes become placeholders (see sandbox.h). The rpm
 * database is left in the form and place that the image's own rpm reads.
 * Errors: ERR_SCRIPT (package, scriptlet, its output), ERR_SYSTEM, ERR_DEPENDENCY (rpm's own
 * check, file conflicts).
 */
#pragma once

#include "base/progress.h"
#include "plan/plan.h"

struct install_options {
    bool excludedocs;
    const struct strv *langs;   /* %_install_langs; NULL or empty: all */
    unsigned scriptlet_seconds; /* limit on one scriptlet; 0: 600 */
    const struct strv *gpgkeys; /* key files for the image's rpm keyring; may be NULL */
    uint64_t install_time;      /* seconds; RPMTAG_INSTALLTIME and the like; for equal bits */
};

struct install_scriptlet {
    char *package;   /* nevra */
    char *scriptlet; /* "%pre", "%post", "%transfiletriggerin(...)" */
    int status;
    bool timed_out;
    char *output; /* "" if none */
};

struct install_report {
    struct arena *arena;
    struct install_scriptlet *scriptlets; /* those that printed something or failed, in order */
    size_t n;
    size_t n_packages, n_files;
};

/* 'root' is a descriptor of an empty directory; 'paths' are the packages' files. */
int install_packages(int root, const struct strv *paths, const struct install_options *options,
    struct progress *progress, struct install_report **ret_report, struct err *err);
void install_report_free(struct install_report *report);
DEFINE_CLEANUP(struct install_report *, install_report_free)
