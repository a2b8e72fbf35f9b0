/*
 * What librpm is trusted with here: is every byte of this package covered by a good signature of
 * one of these keys? The keyring of the machine's own rpm is never looked at, nor its macros.
 *
 * The answer is rpm's own (RPMSIG_SIGNATURE_TYPE: header and payload, either by a signature over
 * both or by the payload's digest in a signed header); why it is no is read off the lines that
 * 'rpmkeys --checksig --verbose' prints. MD5 is left out: it protects nothing that the rest does
 * not, and takes half of the time.
 *
 * The log's callback is process-wide in librpm: see the note in verify.h about processes.
 */
#include "fetch/signature.h"

#include <errno.h>
#include <rpm/rpmbase64.h>
#include <rpm/rpmcli.h>
#include <rpm/rpmcrypto.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmpgp.h>
#include <rpm/rpmts.h>
#include <string.h>

#include "base/file.h"

#define MAX_SIGNATURE_BYTES ((size_t)1 << 20)
#define MAX_SIGNED_FILE_BYTES ((size_t)64 << 20)

struct signature_checker {
    rpmts ts;
    const struct keys *keys; /* those in the keyring */
    rpmKeyring keyring;
    struct strbuf log;
};

static int keep_log(rpmlogRec record, rpmlogCallbackData data)
{
    strbuf_puts(data, rpmlogRecMessage(record));
    return 0;
}

struct signature_checker *signature_checker_new(void)
{
    struct signature_checker *c = xcalloc(1, sizeof *c);
    rpmInitCrypto();
    rpmSetVerbosity(RPMLOG_INFO);
    rpmlogSetCallback(keep_log, &c->log);
    c->ts = rpmtsCreate();
    rpmtsSetVfyLevel(c->ts, RPMSIG_SIGNATURE_TYPE);
    rpmtsSetVfyFlags(c->ts, RPMVSF_NOMD5);
    return c;
}

static void add_key(rpmKeyring keyring, const uint8_t *packets, size_t size)
{
    rpmPubkey key = rpmPubkeyNew(packets, size);
    if (!key)
        return;
    rpmKeyringAddKey(keyring, key);
    int n = 0;
    rpmPubkey *subkeys = rpmGetSubkeys(key, &n);
    for (int i = 0; i < n; i++) {
        rpmKeyringAddKey(keyring, subkeys[i]);
        rpmPubkeyFree(subkeys[i]);
    }
    free(subkeys);
    rpmPubkeyFree(key);
}

/* A file may hold several keys, one behind the other. */
static void add_packets(rpmKeyring keyring, const uint8_t *packets, size_t size)
{
    while (size) {
        size_t length = 0;
        if (pgpPubKeyCertLen(packets, size, &length) != 0 || !length || length > size)
            return;
        add_key(keyring, packets, length);
        packets += length;
        size -= length;
    }
}

static void add_text(rpmKeyring keyring, const struct keys_text *text)
{
    static const char begin[] = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    const char *block = strstr(text->bytes, begin);
    if (!block)
        add_packets(keyring, (const uint8_t *)text->bytes, text->size);
    for (; block; block = strstr(block + 1, begin)) {
        uint8_t *packets = NULL;
        size_t size = 0;
        if (pgpParsePkts(block, &packets, &size) == PGPARMOR_PUBKEY)
            add_packets(keyring, packets, size);
        free(packets);
    }
}

static void use_keys(struct signature_checker *c, const struct keys *keys)
{
    if (c->keys == keys)
        return;
    rpmKeyringFree(c->keyring);
    c->keyring = rpmKeyringNew();
    for (size_t i = 0; i < keys->n; i++)
        add_text(c->keyring, &keys->v[i]);
    rpmtsSetKeyring(c->ts, c->keyring);
    c->keys = keys;
    strbuf_done(&c->log); /* keys that librpm can't read: as if they were not there */
}

/* Of "    Header V4 RSA/SHA256 Signature, key ID 1234abcd: NOKEY" the key's id. */
static char *key_id(const char *line, size_t length)
{
    auto_free char *text = xstrndup(line, length);
    const char *id = strstr(text, "key ID ");
    id = id ? id + strlen("key ID ") : "";
    return xstrndup(id, strspn(id, "0123456789abcdefABCDEF"));
}

static char *trimmed(const char *line, size_t length)
{
    while (length && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    return xstrndup(line, length);
}

static bool line_has(const char *line, size_t length, const char *word)
{
    return memmem(line, length, word, strlen(word)) != NULL;
}

/* Why a package was refused, by the lines behind its name. */
static enum verify_fault read_log(const char *log, const char *path, char **ret_detail)
{
    enum verify_fault fault = VERIFY_BROKEN;
    const char *line = log;
    if (str_starts(line, path))
        line += strlen(path) + 1;
    auto_free char *said = NULL;
    for (; *line; line += strspn(line, "\n")) {
        size_t length = strcspn(line, "\n");
        bool digest = line_has(line, length, "digest");
        if (line_has(line, length, ": BAD") ||
            (digest && line_has(line, length, ": NOTFOUND") && fault != VERIFY_UNKNOWN_KEY)) {
            *ret_detail = trimmed(line, length);
            return VERIFY_BAD;
        }
        if (line_has(line, length, ": NOKEY") && fault != VERIFY_UNKNOWN_KEY) {
            fault = VERIFY_UNKNOWN_KEY;
            free(said);
            said = key_id(line, length);
        } else if (line_has(line, length, "ignature: NOTFOUND") && fault == VERIFY_BROKEN) {
            fault = VERIFY_UNSIGNED;
        } else if (length && !said) {
            said = trimmed(line, length);
        }
        line += length;
    }
    *ret_detail = said && fault != VERIFY_UNSIGNED ? steal(&said) : xstrdup("");
    return fault;
}

enum verify_fault signature_of_package(
    struct signature_checker *c, const char *path, const struct keys *keys, char **ret_detail)
{
    use_keys(c, keys);
    FD_t fd = Fopen(path, "r.ufdio");
    if (!fd || Ferror(fd)) {
        *ret_detail = xstrdup(fd ? Fstrerror(fd) : "it can't be opened");
        if (fd)
            Fclose(fd);
        return VERIFY_NO_FILE;
    }
    struct rpmQVKArguments_s arguments = {0};
    strbuf_done(&c->log);
    int r = rpmVerifySignatures(&arguments, c->ts, fd, path);
    Fclose(fd);
    if (r == 0) {
        *ret_detail = xstrdup("");
        return VERIFY_GOOD;
    }
    return read_log(c->log.s ? c->log.s : "", path, ret_detail);
}

/* RFC 4880, 6.2; librpm undoes the armor of keys only. The checksum is left out: what counts is
 * whether the signature holds. */
static int remove_armor(const char *text, uint8_t **ret_packets, size_t *ret_size)
{
    static const char begin[] = "-----BEGIN PGP SIGNATURE-----";
    const char *at = strstr(text, begin);
    const char *body = at ? strstr(at, "\n\n") : NULL;
    if (at && !body && (body = strstr(at, "\r\n\r\n")))
        body += 2;
    if (!body)
        return -EBADMSG;
    auto_strbuf struct strbuf base64 = {0};
    for (const char *line = body + 2; *line && *line != '=' && *line != '-';) {
        size_t length = strcspn(line, "\r\n");
        strbuf_add(&base64, line, length);
        line += length + strspn(line + length, "\r\n");
    }
    void *packets = NULL;
    if (rpmBase64Decode(base64.s ? base64.s : "", &packets, ret_size) != 0)
        return -EBADMSG;
    *ret_packets = packets;
    return 0;
}

/* The packets of a signature file, armored or not. */
static int read_signature(const char *path, uint8_t **ret_packets, size_t *ret_size)
{
    auto_free char *text = NULL;
    size_t size = 0;
    int r = file_read(path, MAX_SIGNATURE_BYTES, &text, &size);
    if (r < 0)
        return r;
    if (size && (text[0] & 0x80)) { /* a packet's first octet */
        *ret_packets = (uint8_t *)steal(&text);
        *ret_size = size;
        return 0;
    }
    return remove_armor(text, ret_packets, ret_size);
}

static rpmRC verify_bytes(
    rpmKeyring keyring, pgpDigParams signature, const char *bytes, size_t size)
{
    if (pgpSignatureType(signature) != PGPSIGTYPE_BINARY)
        return RPMRC_NOTFOUND;
    DIGEST_CTX digest =
        rpmDigestInit((int)pgpDigParamsAlgo(signature, PGPVAL_HASHALGO), RPMDIGEST_NONE);
    if (!digest)
        return RPMRC_NOTFOUND;
    rpmDigestUpdate(digest, bytes, size);
    rpmRC rc = rpmKeyringVerifySig(keyring, signature, digest);
    rpmDigestFinal(digest, NULL, NULL, 0);
    return rc;
}

static char *signer(pgpDigParams signature)
{
    char *text = pgpIdentItem(signature); /* "V4 RSA/SHA512 Signature, key ID 6fcb29ed" */
    char *id = key_id(text ? text : "", text ? strlen(text) : 0);
    free(text);
    return id;
}

enum verify_fault signature_of_file(struct signature_checker *c, const char *path,
    const char *signature_path, const struct keys *keys, char **ret_detail)
{
    use_keys(c, keys);
    auto_free char *bytes = NULL;
    auto_free uint8_t *packets = NULL;
    size_t size = 0, packets_size = 0;
    pgpDigParams signature = NULL;
    *ret_detail = xstrdup("");
    if (file_read(path, MAX_SIGNED_FILE_BYTES, &bytes, &size) < 0)
        return VERIFY_NO_FILE;
    if (read_signature(signature_path, &packets, &packets_size) < 0 ||
        pgpPrtParams(packets, packets_size, PGPTAG_SIGNATURE, &signature) != 0) {
        free(*ret_detail);
        *ret_detail = xstrdup("its signature file is none");
        return VERIFY_BROKEN;
    }
    rpmRC rc = verify_bytes(c->keyring, signature, bytes, size);
    enum verify_fault fault = rc == RPMRC_OK         ? VERIFY_GOOD
                              : rc == RPMRC_NOKEY    ? VERIFY_UNKNOWN_KEY
                              : rc == RPMRC_NOTFOUND ? VERIFY_BROKEN
                                                     : VERIFY_BAD;
    free(*ret_detail);
    *ret_detail = signer(signature);
    pgpDigParamsFree(signature);
    return fault;
}
