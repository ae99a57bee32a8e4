// A list of very many images as it comes. cdr writes an image a line (cdr-layout(5)), so
// those that are here can be taken in while the rest is on its way.

// So much text at once: less would be many small turns.
const BATCH = 1 << 18;
const HEAD_END = '"images":[';
// As long as this the first line of such a file is at most.
const HEAD_MAX = 1 << 20;

// The text of a body as it comes. goOn() is told of each part.
export async function* partsOf(body, goOn) {
  const reader = body.getReader(), decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    goOn?.();
    yield done ? decoder.decode() : decoder.decode(value, { stream: true });
    if (done) return;
  }
}

// Gives the value of a text in parts. With take(lines, head) its images are not read: take
// has been given all lines of it then, in their order, and the value has texts with these in
// place of images. What has no lines is read as a whole, and its images are given as an array.
// Throws a SyntaxError for what is not JSON.
export async function readLines(parts, take, batch = BATCH) {
  const images = [], texts = [];
  let rest = '', head = null, hasLines = true;

  function begin() {
    const end = rest.indexOf('\n');
    if (end === -1) {
      hasLines = rest.length < HEAD_MAX;
    } else if (!rest.slice(0, end).endsWith(HEAD_END)) {
      hasLines = false;
    } else {
      head = JSON.parse(`${rest.slice(0, end)}]}`);
      delete head.images;
      rest = rest.slice(end + 1);
    }
  }

  function add(lines) {
    if (take === undefined) {
      for (const image of JSON.parse(`[${lines}]`)) images.push(image);
      return;
    }
    texts.push(lines);
    take(lines, head);
  }

  for await (const part of parts) {
    rest += part;
    if (hasLines && head === null) begin();
    if (head === null || rest.length < batch) continue;
    const end = rest.lastIndexOf(',\n');
    if (end === -1) continue;
    add(rest.slice(0, end));
    rest = rest.slice(end + 2);
  }
  if (head === null) {
    const all = JSON.parse(rest);
    take?.(Array.isArray(all?.images) ? all.images : [], all);
    return all;
  }
  const end = rest.trimEnd();
  if (!end.endsWith(']}')) throw new SyntaxError('it has no end');
  add(end.slice(0, -2).trimEnd());
  return take === undefined ? { ...head, images } : { ...head, texts };
}
