#include <string.h>

#include "configure/parts.h"

static void plan_root_ssh(struct planner *p)
{
    const char *directory = "/etc/ssh/sshd_config.d", *file = "/etc/ssh/sshd_config";
    if (p->recipe->rootpw_allow_ssh != RECIPE_ON)
        return;
    plan_write(p, "/etc/ssh/sshd_config.d/01-permitrootlogin.conf", 0600, "PermitRootLogin yes\n")
        ->only_if = plan_strdup(p, directory);
    struct operation *o = plan_set(p, file, "PermitRootLogin", "PermitRootLogin yes");
    o->only_if = plan_strdup(p, file);
    o->unless = plan_strdup(p, directory);
}

static void plan_password(
    struct planner *p, const char *name, const struct recipe_password *password)
{
    static const struct recipe_password locked = {.set = true, .lock = true};
    struct operation *o = plan_service(p, OP_PASSWORD, name);
    o->password = password->set ? password : &locked;
}

static void plan_users(struct planner *p)
{
    for (size_t i = 0; i < p->recipe->n_users; i++) {
        const struct recipe_user *user = &p->recipe->users[i];
        p->place = user->place;
        struct operation *o = plan_service(p, OP_USER, user->name);
        o->id = user->uid;
        o->user = user;
        plan_password(p, user->name, &user->password);
    }
}

void plan_accounts(struct planner *p)
{
    const struct recipe *r = p->recipe;
    for (size_t i = 0; i < r->n_groups; i++) {
        p->place = r->groups[i].place;
        plan_service(p, OP_GROUP, r->groups[i].name)->id = r->groups[i].gid;
    }
    plan_users(p);
    p->place = r->rootpw.place;
    plan_password(p, "root", &r->rootpw);
    plan_root_ssh(p);
    for (size_t i = 0; i < r->n_sshkeys; i++) {
        p->place = r->sshkeys[i].place;
        struct operation *o = plan_service(p, OP_SSHKEY, r->sshkeys[i].user);
        o->text = plan_strdup(p, r->sshkeys[i].key);
    }
    p->place = plan_no_place();
}
