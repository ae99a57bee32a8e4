// What time it is, by the server's clock: the times in its files are of that one or of
// one beside it, and a browser's may be hours off. Nothing here touches the document.

// Answers take a moment, and tell whole seconds.
const NEAR_MS = 3000;

// By how much the server's clock is ahead, in ms; undefined: no answer has said.
let ahead;
// The latest moment that a file says has been.
let latest = 0;

// The time of an answer that has just come, also through a cache that says how old it is.
export function hearTime(headers) {
  const said = Date.parse(headers.get('Date') ?? ''), age = Number(headers.get('Age') ?? 0);
  if (Number.isNaN(said)) return;
  const now = said + (age > 0 ? age * 1000 : 0) - Date.now();
  // What differs by this little may be the way here, and ages do not go to and fro.
  if (Math.abs(now - (ahead ?? 0)) > NEAR_MS) ahead = now;
  else ahead ??= 0;
}

// A sync has ended then, so it is not earlier: for where a proxy takes the time off answers.
export function hearEnd(seconds) {
  latest = Math.max(latest, seconds * 1000);
}

// In seconds since 1970.
export const now = () => (ahead === undefined ? Math.max(Date.now(), latest) : Date.now() + ahead) / 1000;
