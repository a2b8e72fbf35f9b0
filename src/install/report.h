/* What a transaction's scriptlets did, collected while it runs. */
#pragma once

#include "install/install.h"

struct install_report *install_report_new(void);
/* Remember one that printed something or failed; texts are copied. */
void install_report_add(struct install_report *report, const struct install_scriptlet *scriptlet);
