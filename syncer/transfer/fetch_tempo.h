#ifndef CDR_TRANSFER_FETCH_TEMPO_H
#define CDR_TRANSFER_FETCH_TEMPO_H

#include "registry/retry.h"
#include "transfer/fetch.h"

/*
 * Which tempos a request has to keep (link/tempo.h): the registry's, or its
 * token server's; and for a blob also that of the host which brings those.
 */

/* fetch_tempo_kind(f): what it counts as. */
enum tempo_kind fetch_tempo_kind(const struct fetch *);

/* fetch_tempo_wait(source, kind, now_ms): until one of that kind may begin; see
 * tempo_wait_ms. */
int64_t fetch_tempo_wait(const struct source *, enum tempo_kind, int64_t);

/* fetch_tempo_enter(f), fetch_tempo_leave(f): it goes onto the wire, and off
 * it.  fetch_tempo_seen(f, reply): with an answer, which may be a refusal.
 * fetch_tempo_begun(f, reply): the answer is none, and has begun; that is all
 * there is to learn, however long it goes on. */
void fetch_tempo_enter(struct fetch *);
void fetch_tempo_seen(struct fetch *, const struct http_reply *);
void fetch_tempo_begun(struct fetch *, const struct http_reply *);
void fetch_tempo_leave(struct fetch *);

/* fetch_tempo_is_refusal(outcome): somebody has too many requests, or may
 * have. */
bool fetch_tempo_is_refusal(const struct outcome *);

/* fetch_tempo_tries(f): it was refused: what counts as its tries are refusals
 * of anybody, as long as nobody is answered. */
unsigned fetch_tempo_tries(const struct fetch *);

/* fetch_tempo_is_alone(f): since it was refused before, others were
 * answered. */
bool fetch_tempo_is_alone(const struct fetch *);

/* fetch_tempo_refused(f, v): it was refused, and will be tried again, by itself
 * as ${v} says; that gets the delay which all others need. */
void fetch_tempo_refused(struct fetch *, struct verdict *);

#endif
