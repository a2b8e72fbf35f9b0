/*
 * What is expected of recipes and bad inputs that others wrote, and that lie beside the project
 * (SHARED/kickstart): tables for test-corpus.c. No text of theirs is here, only short facts.
 */
#pragma once

/* Recipes that ask for things slipway refuses: a file, the number of refusals, and a piece of the
 * text of one of them. All other recipes are read without refusal. */
static const struct {
    const char *file;
    unsigned refusals;
    const char *text;
} refused[] = {
    {"el10-alma-azure.ks", 5, "%pre: it makes partitions itself"},
    {"el10-alma-gencloud.ks", 2, "%include: '/tmp/partitions.ks' is not there: the %pre"},
    {"el10-centos-stream-kvm.ks", 4, "%pre: it makes partitions itself"},
    {"el10-gce-rhel10.ks", 3, "%include: '/tmp/disk-config' is not there: the %pre"},
    {"el10-oracle-ol10-slim.ks", 2, "%include: '/tmp/partitions-ks.cfg' is not there: the %pre"},
    {"el10-rocky-genericcloud-base.ks", 6, "%pre: it makes partitions itself"},
    {"el5-sig-docker-centos5.ks", 1, "%post: --nochroot"},
    {"el6-textindex-centos6-ami.ks", 1, "part: '--onpart=/dev/xvda1' "},
    {"el7-gce-centos7.ks", 2, "%include: '/tmp/disk-config' is not there: the %pre"},
    {"el7-imgbased-rootfs.ks", 4, "%include: cannot read 'header.partial.ks'"},
    {"el7-redhatgov-ssg.ks", 8, "%include: '/tmp/hardening' is not there: the %pre"},
    {"el8-alma-azure.ks", 5, "%pre: it makes partitions itself"},
    {"el8-alma-gcp.ks", 1, "%post: --nochroot"},
    {"el8-alma-gencloud.ks", 2, "%include: '/tmp/partitions.ks' is not there: the %pre"},
    {"el8-gce-rhel8.ks", 3, "%include: '/tmp/disk-config' is not there: the %pre"},
    {"el8-oracle-ol8-slim.ks", 2, "%include: '/tmp/partitions-ks.cfg' is not there: the %pre"},
    {"el8-rocky-azure-base.ks", 6, "%pre: it makes partitions itself"},
    {"el8-rocky-ec2-base.ks", 6, "%pre: it makes partitions itself"},
    {"el8-rocky-genericcloud-base.ks", 6, "%pre: it makes partitions itself"},
    {"el8-rocky-genericcloud-lvm.ks", 6, "%pre: it makes partitions itself"},
    {"el8-rocky-ocp-base.ks", 6, "%pre: it makes partitions itself"},
    {"el8-rocky-vagrant-libvirt.ks", 6, "%pre: it makes partitions itself"},
    {"el8-sig-azure.ks", 2, "%pre: it makes partitions itself"},
    {"el8-ssg-cis.ks", 1, "%addon: org_fedora_oscap"},
    {"el8-ssg-ospp.ks", 1, "%addon: org_fedora_oscap"},
    {"el9-alma-azure.ks", 5, "%pre: it makes partitions itself"},
    {"el9-alma-oci.ks", 5, "%pre: it makes partitions itself"},
    {"el9-alma-vagrant.ks", 5, "%pre: it makes partitions itself"},
    {"el9-centos-stream-kvm.ks", 5, "%pre: it makes partitions itself"},
    {"el9-gce-rhel9.ks", 3, "%include: '/tmp/disk-config' is not there: the %pre"},
    {"el9-gce-stream9.ks", 2, "%include: '/tmp/disk-config' is not there: the %pre"},
    {"el9-oracle-ol9-slim.ks", 2, "%include: '/tmp/partitions-ks.cfg' is not there: the %pre"},
    {"el9-rocky-azure-base.ks", 6, "%pre: it makes partitions itself"},
    {"el9-rocky-ec2-base.ks", 6, "%pre: it makes partitions itself"},
    {"el9-rocky-ec2-lvm.ks", 6, "%pre: it makes partitions itself"},
    {"el9-rocky-genericcloud-base.ks", 6, "%pre: it makes partitions itself"},
    {"el9-rocky-src-ec2-base.ks", 3, "%include: cannot read 'rocky-cloud-base-packages.ks'"},
    {"el9-ssg-cis-l1.ks", 1, "%addon: com_redhat_oscap"},
    {"f19-spins-x86_64-cloud.ks", 1, "%include: cannot read 'fedora-cloud-base.ks'"},
    {"f20-spins-cloud-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f21-spins-cloud-atomic.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f21-spins-cloud-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f22-fedora-cloud-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f24-fedora-cloud-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f31-fedora-cloud-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f34-fedora-cloud-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f36-fedora-cloud-base.ks", 5, "btrfs: btrfs is not made"},
    {"f36-fedora-cloud-gcp.ks", 1, "%include: cannot read 'fedora-cloud-base.ks'"},
    {"f36-fedora-container-base.ks", 2, "%post: --nochroot"},
    {"f36-fedora-disk-base.ks", 1, "%include: cannot read 'fedora-repo.ks'"},
    {"f36-fedora-disk-minimal.ks", 2, "%include: cannot read 'fedora-disk-base.ks'"},
    {"f46-lorax-minimal.ks", 1, "%include: '/tmp/arch-packages.ks' is not there: the %pre"},
};

/* Lines that recipe_print() gives, up to the place: exact values out of recipes of every age. */
static const struct {
    const char *file, *line;
} facts[] = {
    {"el5-veewee-centos55.ks", "firewall: enabled services=ssh trusts=eth0"},
    {"el5-veewee-centos55.ks", "part: pv.2 kind=pv size_mib=0 grow"},
    {"el5-veewee-centos55.ks", "volgroup: VolGroup00 pvs=pv.2 pesize_kib=32768"},
    {"el5-veewee-centos55.ks", "logvol: swap name=LogVol01 vgname=VolGroup00 fstype=swap "
                               "size_mib=528 maxsize_mib=1056 grow"},
    {"el5-veewee-centos55.ks", "auth_args: --enableshadow --enablemd5"},
    {"el5-veewee-centos55.ks", "package: @core"},
    {"el5-huff-rhel54-min-ec2.ks", "part: / kind=filesystem fstype=ext3 size_mib=650 ondisk=sda"},
    {"el5-huff-rhel54-min-ec2.ks", "bootloader: append=acpi=force timeout=1"},
    {"el5-huff-rhel54-min-ec2.ks", "package: /usr/sbin/lokkit"},
    {"el5-huff-rhel54-min-ec2.ks", "packages: excludedocs nobase"},
    {"el5-huff-rhel54-min-ec2.ks", "services_enabled: network sshd"},
    {"el6-enthought-xenserver.ks", "rootpw_allow_ssh: yes"},
    {"el6-enthought-xenserver.ks", "user: centos groups=user,wheel password=plain shell=/bin/bash "
                                   "gecos=\"CentOS User\""},
    {"el6-enthought-xenserver.ks", "bootloader: location=partition append=console=hvc0 timeout=5"},
    {"el6-enthought-xenserver.ks", "finish: halt"},
    {"el6-nazunalika-cis.ks", "logvol: /tmp name=tmp vgname=centosvg fstype=ext4 size_mib=4096 "
                              "fsoptions=nodev,noexec,nosuid"},
    {"el6-nazunalika-cis.ks", "network: eth0 bootproto=dhcp onboot mtu=1500"},
    {"el6-nazunalika-cis.ks", "version: RHEL6"},
    {"el7-nazunalika-cis.ks", "package: @core nodefaults"},
    {"el7-nazunalika-cis.ks", "bootloader: location=mbr password=******** boot_drive=sda"},
    {"el7-nazunalika-cis.ks", "logvol: / name=root vgname=centosvg fstype=ext4 size_mib=6144 "
                              "maxsize_mib=8192 grow"},
    {"el7-nazunalika-cis.ks", "nontp: yes"},
    {"el7-geerlingguy.ks", "package: @Development Tools"},
    {"el7-geerlingguy.ks", "user: vagrant groups=vagrant,wheel password=plain"},
    {"el7-geerlingguy.ks", "firewall: enabled=no"},
    {"el8-rocky-ocp-base.ks", "logvol: / name=root vgname=rocky size_mib=8000 grow "
                              "mkfsoptions=\"-m bigtime=0,inobtcount=0\""},
    {"el8-rocky-ocp-base.ks", "repo: oraclelinux-addons baseurl=http://yum.oracle.com/repo/"
                              "OracleLinux/OL8/addons/$basearch/ exclude_packages=kernel install"},
    {"el8-rocky-ocp-base.ks", "part: pv.01 kind=pv size_mib=1 grow onpart=vda5"},
    {"el8-sig-azure.ks", "package: @^minimal-environment"},
    {"el8-sig-azure.ks", "part: / kind=filesystem fstype=xfs size_mib=1 grow asprimary"},
    {"el8-sig-azure.ks",
        "repo: BaseOS baseurl=http://mirror.centos.org/centos/8/BaseOS/x86_64/os/ cost=100"},
    {"el10-gce-rhel10.ks", "services_disabled: sshd-keygen@"},
    {"el10-gce-rhel10.ks", "ntp_servers: metadata.google.internal"},
    {"el10-gce-rhel10.ks", "user: gce password=locked"},
    {"el10-gce-rhel10.ks", "network: link bootproto=dhcp ipv6=auto activate"},
    {"f39-robox.ks", "logvol: / name=root vgname=fedora fstype=xfs percent=100 label=root"},
    {"f39-robox.ks", "network: eth0 bootproto=dhcp hostname=fedora39.localdomain noipv6"},
    {"f36-fedora-container-base.ks",
        "packages: excludedocs nocore exclude_weakdeps has_instlangs instlangs=en"},
    {"f36-fedora-container-base.ks", "script: post interpreter=/bin/sh erroronfail nochroot "
                                     "log=/mnt/sysimage/root/anaconda-post-nochroot.log lines=9"},
    {"f13-huff-ec2-min.ks", "package: selinux-policy-*"},
};

/* The bad inputs: what comes first, and a piece of it. 'E' error, 'W' warning, 'R' refusal, 'N'
 * note; ' ' is accepted in silence, as is sensible. 'line': where it must point. */
static const struct {
    const char *file;
    char kind;
    unsigned line;
    const char *text;
} bad_inputs[] = {
    {"01-unknown-command.ks", 'E', 2, "unknown command 'partiton'"},
    {"02-unknown-option.ks", 'E', 1, "bootloader: unknown option '--apend'"},
    {"03-abbreviated-option.ks", 'W', 1, "'--loc' is taken for '--location'"},
    {"04-missing-end.ks", 'W', 2, "%packages: no %end before the end of the file"},
    {"05-section-in-section.ks", 'W', 3, "the %packages of line 1 has no %end; %post ends it"},
    {"06-unknown-section.ks", 'E', 1, "unknown section '%poost'"},
    {"07-part-bad-size.ks", 'E', 1, "part: '--size=2G' is not a whole number of MiB"},
    {"08-part-no-mount.ks", 'E', 1, "part: the mount point is missing"},
    {"09-part-dup-mount.ks", 'E', 2, "part: '/' has a part already, by line 1"},
    {"10-rootpw-nothing.ks", 'E', 1, "rootpw: the password is missing"},
    {"11-rootpw-both.ks", 'E', 1, "rootpw: --iscrypted and --plaintext contradict each other"},
    {"12-rootpw-two-words.ks", 'E', 1, "rootpw: unexpected word behind the password"},
    {"13-user-noname.ks", 'E', 1, "user: --name is missing"},
    {"14-repo-no-url.ks", 'W', 1, "repo: 'base' has no address"},
    {"15-repo-both.ks", 'E', 1, "repo: only one of --baseurl, --mirrorlist and --metalink"},
    {"16-url-none.ks", 'E', 1, "url: one of --url, --mirrorlist and --metalink is missing"},
    {"17-unbalanced-quote.ks", 'E', 2, "a double quote (\") is opened and never closed"},
    {"18-unbalanced-quote-apostrophe.ks", 'E', 2, "opens a quotation that is never closed"},
    {"19-network-bad-bool.ks", 'E', 1, "network: '--onboot=maybe' is neither yes nor no"},
    {"20-network-bad-bootproto.ks", 'E', 1, "network: '--bootproto=magic' is none of its values"},
    {"21-network-static-noip.ks", 'E', 1, "network: --bootproto=static without --ip"},
    {"22-selinux-two.ks", 'E', 1, "selinux: 2 modes are given"},
    {"23-firewall-bad-port.ks", 'E', 1, "firewall: '--port=ssh' is no port"},
    {"24-logvol-novg.ks", 'E', 2, "logvol: '/' has no --vgname"},
    {"25-volgroup-nopv.ks", 'E', 1, "volgroup: 'vg' has no physical volumes"},
    {"26-autopart-and-part.ks", 'E', 2, "part: it can't stand with the autopart of line 1"},
    {"27-two-methods.ks", 'W', 2, "cdrom: there is no installation medium; the url of line 1"},
    {"28-group-both.ks", 'E', 2, "@core: --nodefaults and --optional contradict each other"},
    {"29-timezone-none.ks", 'E', 1, "timezone: the time zone is missing"},
    {"30-bootloader-bad-location.ks", 'E', 1, "'--location=disk' is none of its values"},
    {"31-include-missing.ks", 'R', 1, "%include: cannot read '/nonexistent/x.ks'"},
    {"32-include-noarg.ks", 'E', 1, "%include: the name of a file is missing"},
    {"33-sshkey-nouser.ks", 'E', 1, "sshkey: --username is missing"},
    {"34-removed-install.ks", 'N', 1, "install: without effect; RHEL 8 and Fedora 29 removed it"},
    {"35-removed-auth.ks", 'N', 1, "auth: RHEL 8 and Fedora 28 replaced it"},
    {"36-zerombr-yes.ks", 'W', 1, "zerombr: 'yes' is of an old version"},
    {"37-nobase.ks", 'N', 1, "%packages: --nobase counts for EL5 and EL6"},
    {"38-services-none.ks", 'E', 1, "services: no service is named"},
    {"39-stray-end.ks", 'E', 2, "%end: no section is open here"},
    {"40-ksappend-missing.ks", 'R', 1, "%ksappend: another file is not fetched"},
    {"41-post-unknown-opt.ks", 'E', 1, "%post: --chroot: there is no such option"},
    {"42-clearpart-two.ks", 'W', 1, "exclude one another"},
    {"43-part-grow-nosize.ks", ' ', 0, ""},
    {"44-part-no-size.ks", 'W', 1, "part: '/' has no --size; 500 MiB are taken"},
    {"45-part-recommended-notswap.ks", 'W', 1, "--recommended is meant for swap"},
    {"46-timeout-nonint.ks", 'E', 1, "bootloader: '--timeout=fast' is not a whole number"},
    {"47-lang-none.ks", 'E', 1, "lang: the locale is missing"},
    {"48-keyboard-none.ks", 'E', 1, "keyboard: the name of a keymap is missing"},
    {"49-empty.ks", 'E', 1, "the recipe is empty"},
    {"50-cr.ks", ' ', 0, ""},
    {"51-continuation.ks", 'E', 1, "network: a backslash at its end does not continue a line"},
    {"52-percent-in-script.ks", 'E', 3, "'%packages' begins a section inside the here-document"},
    {"53-dup-command.ks", 'W', 2, "lang: given again; line 1 no longer counts"},
    {"54-reqpart-autopart.ks", 'E', 2, "reqpart: it can't stand with the autopart of line 1"},
};

#define RECIPES 132
#define RECIPES_REFUSED 52
