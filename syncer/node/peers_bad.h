#ifndef CDR_NODE_PEERS_BAD_H
#define CDR_NODE_PEERS_BAD_H

/*
 * What the mirror once found to be bad may be bad in the caches, too.  Its
 * list, status/bad, names an object only while it is bad.  A peer remembers it:
 * the time when it was found is a part of the cache's key from then on, so
 * that what was kept before is not served any more, and what is fetched anew
 * has another place.  Two peers that remember different things fetch once
 * more, and that is all.
 */

/*
 * peers_bad(now, mirror): what bad.conf is to hold: DIGEST "TIME"; a line,
 * sorted.  ${now} is what it holds, ${mirror} the mirror's list (cdr-layout(5),
 * Status); both may be NULL.  Lines that are none are left out; of one digest
 * the latest time counts; above PEER_BAD_MAX the oldest go.  free(3) it.
 */
char *peers_bad(const char *, const char *);

#endif
