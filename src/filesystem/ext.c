#include "filesystem/ext.h"

#include <errno.h>
#include <et/com_err.h>
#include <string.h>

#include "base/memory.h"

int ext_full(struct ext *e)
{
    err_set(e->err, ERR_RECIPE, -ENOSPC, "the file system for '%s' is full", e->what);
    return err_hint(e->err, "give it a larger --size");
}

int ext_fail(struct ext *e, errcode_t code, const char *doing)
{
    if (code == EXT2_ET_BLOCK_ALLOC_FAIL)
        return ext_full(e);
    /* Small codes are errno; libext2fs's own begin at EXT2_ET_BASE. */
    if (code > 0 && code < 4096)
        return err_code(e->err, (int)code, "%s for '%s'", doing, e->what);
    return err_set(
        e->err, ERR_SYSTEM, -EIO, "%s for '%s': %s", doing, e->what, error_message(code));
}

static void set_feature(uint32_t *word, uint32_t bit, bool on)
{
    *word = on ? *word | bit : *word & ~bit;
}

static void set_features(struct ext2_super_block *sb, const struct parameters *p)
{
    set_feature(&sb->s_feature_compat, EXT2_FEATURE_COMPAT_EXT_ATTR, p->ext_attr);
    set_feature(&sb->s_feature_compat, EXT2_FEATURE_COMPAT_RESIZE_INODE, p->resize_inode);
    set_feature(&sb->s_feature_compat, EXT2_FEATURE_COMPAT_DIR_INDEX, p->dir_index);
    set_feature(&sb->s_feature_incompat, EXT2_FEATURE_INCOMPAT_FILETYPE, p->filetype);
    set_feature(&sb->s_feature_incompat, EXT3_FEATURE_INCOMPAT_EXTENTS, p->extents);
    set_feature(&sb->s_feature_incompat, EXT4_FEATURE_INCOMPAT_64BIT, p->is_64bit);
    set_feature(&sb->s_feature_incompat, EXT4_FEATURE_INCOMPAT_FLEX_BG, p->flex_bg);
    set_feature(&sb->s_feature_ro_compat, EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER, p->sparse_super);
    set_feature(&sb->s_feature_ro_compat, EXT2_FEATURE_RO_COMPAT_LARGE_FILE, p->large_file);
    set_feature(&sb->s_feature_ro_compat, EXT4_FEATURE_RO_COMPAT_HUGE_FILE, p->huge_file);
    set_feature(&sb->s_feature_ro_compat, EXT4_FEATURE_RO_COMPAT_DIR_NLINK, p->dir_nlink);
    set_feature(&sb->s_feature_ro_compat, EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE, p->extra_isize);
    set_feature(&sb->s_feature_ro_compat, EXT4_FEATURE_RO_COMPAT_GDT_CSUM, p->uninit_bg);
    set_feature(&sb->s_feature_ro_compat, EXT4_FEATURE_RO_COMPAT_METADATA_CSUM, p->metadata_csum);
}

static struct ext2_super_block template(const struct parameters *p, uint64_t size_bytes)
{
    struct ext2_super_block sb = {0};
    uint64_t blocks = size_bytes / p->block_size;
    uint64_t inodes = p->inodes ? p->inodes : size_bytes / p->bytes_per_inode;
    set_features(&sb, p);
    sb.s_rev_level = EXT2_DYNAMIC_REV;
    sb.s_log_block_size = (uint32_t)__builtin_ctz(p->block_size) - EXT2_MIN_BLOCK_LOG_SIZE;
    sb.s_log_cluster_size = sb.s_log_block_size;
    sb.s_inode_size = (uint16_t)p->inode_size;
    sb.s_inodes_count = (uint32_t)(inodes < UINT32_MAX ? inodes : UINT32_MAX);
    sb.s_log_groups_per_flex = p->flex_bg ? 4 : 0;
    ext2fs_blocks_count_set(&sb, blocks);
    ext2fs_r_blocks_count_set(&sb, (blk64_t)((double)blocks * p->reserved_percent / 100));
    if (p->extra_isize) {
        sb.s_min_extra_isize = sizeof(struct ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE;
        sb.s_want_extra_isize = sb.s_min_extra_isize;
    }
    return sb;
}

static void identify(struct ext *e)
{
    const struct parameters *p = e->parameters;
    struct ext2_super_block *sb = e->fs->super;
    memcpy(sb->s_uuid, p->uuid, sizeof sb->s_uuid);
    memcpy(sb->s_hash_seed, p->uuid, sizeof sb->s_hash_seed);
    memcpy(sb->s_volume_name, p->label, strnlen(p->label, sizeof sb->s_volume_name));
    sb->s_def_hash_version = EXT2_HASH_HALF_MD4;
    sb->s_flags |= EXT2_FLAGS_SIGNED_HASH;
    sb->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
    sb->s_mkfs_time = sb->s_lastcheck = sb->s_wtime = (uint32_t)p->time;
    sb->s_max_mnt_count = -1;
    sb->s_checkinterval = 0;
    sb->s_raid_stride = (uint16_t)p->raid_stride;
    sb->s_raid_stripe_width = (uint32_t)p->raid_stripe_width;
    if (p->metadata_csum)
        sb->s_checksum_type = EXT2_CRC32C_CHKSUM;
    e->fs->now = (time_t)p->time;
}

/* The file is new: an inode table that was never written reads as zeros. */
static void mark_tables_zeroed(ext2_filsys fs)
{
    if (!ext2fs_has_group_desc_csum(fs))
        return;
    for (dgrp_t group = 0; group < fs->group_desc_count; group++) {
        ext2fs_bg_flags_set(fs, group, EXT2_BG_INODE_ZEROED);
        ext2fs_group_desc_csum_set(fs, group);
    }
}

static errcode_t reserve_inodes(ext2_filsys fs)
{
    for (ext2_ino_t i = 1; i < EXT2_FIRST_INODE(fs->super); i++)
        ext2fs_inode_alloc_stats2(fs, i, +1, i == EXT2_ROOT_INO);
    ext2fs_mark_ib_dirty(fs);
    return ext2fs_update_bb_inode(fs, NULL);
}

static int make_journal(struct ext *e)
{
    struct ext2fs_journal_params params;
    if (!e->parameters->has_journal)
        return 0;
    errcode_t code = ext2fs_get_journal_params(&params, e->fs);
    if (code == EXT2_ET_JOURNAL_TOO_SMALL) {
        err_set(e->err, ERR_RECIPE, -ENOSPC, "the file system for '%s' is too small for a journal",
            e->what);
        return err_hint(e->err, "give it a larger --size, or --fstype=ext2");
    }
    if (!code && e->parameters->journal_mib)
        params.num_journal_blocks =
            (blk_t)(e->parameters->journal_mib * ((1 << 20) / e->fs->blocksize));
    if (!code)
        code = ext2fs_add_journal_inode3(e->fs, &params, ~0ULL, EXT2_MKJOURNAL_LAZYINIT);
    return code ? ext_fail(e, code, "making the journal") : 0;
}

int ext_create(struct ext *e, io_manager manager, const char *file, uint64_t size_bytes)
{
    struct ext2_super_block sb = template(e->parameters, size_bytes);
    errcode_t code = ext2fs_initialize(file, EXT2_FLAG_64BITS, &sb, manager, &e->fs);
    if (code == EXT2_ET_TOOSMALL || code == EXT2_ET_TOO_MANY_INODES) {
        err_set(e->err, ERR_RECIPE, -ENOSPC, "'%s': %.1f MiB is too small for a file system",
            e->what, (double)size_bytes / (1 << 20));
        return err_hint(e->err, "give it a larger --size");
    }
    if (code)
        return ext_fail(e, code, "making a file system");
    auto_free char *offset = xprintf("offset=%llu", (unsigned long long)e->offset_bytes);
    if (e->offset_bytes)
        code = io_channel_set_options(e->fs->io, offset);
    e->has_extents = e->parameters->extents;
    e->next_free = e->fs->super->s_first_data_block;
    identify(e);
    if (!code && e->parameters->metadata_csum)
        ext2fs_init_csum_seed(e->fs);
    if (!code)
        code = ext2fs_allocate_tables(e->fs);
    if (!code)
        mark_tables_zeroed(e->fs);
    if (!code)
        code = reserve_inodes(e->fs);
    if (!code && e->parameters->resize_inode)
        code = ext2fs_create_resize_inode(e->fs);
    if (code)
        return ext_fail(e, code, "making a file system");
    return make_journal(e);
}

int ext_close(struct ext *e)
{
    errcode_t code = ext2fs_set_gdt_csum(e->fs);
    errcode_t closed = ext2fs_close_free(&e->fs);
    if (!code)
        code = closed;
    return code ? ext_fail(e, code, "writing the file system") : 0;
}
