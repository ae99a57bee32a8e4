#ifndef CDR_TRANSFER_FETCH_AGAIN_H
#define CDR_TRANSFER_FETCH_AGAIN_H

#include "transfer/fetch.h"

/* What becomes of a request whose try ended badly. */

/* fetch_again_note(f, reply): keep in ${f} how the try ended, and why. */
void fetch_again_note(struct fetch *, const struct http_reply *);

/* fetch_again_way(f, reply): the way to go on from its status; see
 * registry/answer.h.  What did not go well is noted. */
enum answer_way fetch_again_way(struct fetch *, const struct http_reply *);

/* fetch_again_by(f, reply, way): ask again, or fail, as ${way} says; the ways
 * that are of one kind alone are not for this. */
void fetch_again_by(struct fetch *, const struct http_reply *,
    enum answer_way);

/* fetch_again(f): the try that was noted ended badly; back off or fail. */
void fetch_again(struct fetch *);

/* fetch_again_with_room(f): there was no room for the answer: once more, when
 * there is for all that it may be.  That is no try. */
void fetch_again_with_room(struct fetch *);

#endif
