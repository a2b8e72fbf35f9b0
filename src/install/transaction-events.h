/* What librpm tells while it runs, turned into messages to the parent. */
#pragma once

#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmts.h>

#include "base/strbuf.h"
#include "install/transaction.h"

struct transaction_events {
    const struct transaction *transaction;
    uint32_t n_started;
    int status;               /* of the last scriptlet, as librpm's log gave it */
    char name[32];            /* of that if it is a file trigger, from there too */
    struct strbuf complaints; /* librpm's errors outside scriptlets, a line each */
    bool in_scriptlet;
    FD_t file; /* of the package that is being installed */
};

/* The file of package 'index', from the parent; NULL with a message in librpm's log. */
FD_t transaction_open(const struct transaction *transaction, uint32_t index);
/* For rpmtsSetNotifyCallback(); data is a struct transaction_events. */
void *transaction_notify(const void *header, const rpmCallbackType what, const rpm_loff_t amount,
    const rpm_loff_t total, fnpyKey key, void *data);
/* For rpmlogSetCallback(). */
int transaction_log(rpmlogRec record, rpmlogCallbackData data);
