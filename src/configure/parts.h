/* What the files of configure share; not for other rooms. */
#pragma once

#include "configure/configure.h"

/* What planning reads and the list it makes; one for each configure_plan(). */
struct planner {
    const struct recipe *recipe;
    const struct layout *layout;
    const struct era *era;
    const struct configure_options *options;
    struct operations *operations;
    struct recipe_place place; /* of the recipe's line that is being planned */
};

/* A new operation at the end of the list; stays where it is only until the next one. */
struct operation *plan_operation(struct planner *p, enum operation_kind kind);
struct operation *plan_write(struct planner *p, const char *path, uint32_t mode, const char *text);
struct operation *plan_append(struct planner *p, const char *path, const char *text);
struct operation *plan_set(struct planner *p, const char *path, const char *key, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
struct operation *plan_service(struct planner *p, enum operation_kind kind, const char *name);
struct operation *plan_run(struct planner *p, const char *const *argv, const struct strv *more);
void plan_warn(struct planner *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *plan_strdup(struct planner *p, const char *s);
struct recipe_place plan_no_place(void);
/* No systemd: SysV or Upstart. */
bool plan_is_old(const struct planner *p);

/* The steps, in Anaconda's order. */
void plan_storage(struct planner *p);
void plan_selinux(struct planner *p);
void plan_timezone(struct planner *p);
void plan_services(struct planner *p);
void plan_language(struct planner *p);
void plan_firewall(struct planner *p);
int plan_network(struct planner *p, struct err *err);
void plan_authentication(struct planner *p);
void plan_accounts(struct planner *p);
void plan_firstboot(struct planner *p);
void plan_target(struct planner *p);
void plan_addons(struct planner *p);
void plan_console(struct planner *p);
