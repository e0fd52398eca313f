const NEWLINE = 10;

/** Lines of a stream of buffers, as buffers without their newline. A last line without one counts; empty lines do not. */
export async function* linesOf(stream) {
  let rest = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, at);
      const line = rest.length === 0 ? part : Buffer.concat([...rest, part]);
      rest = [];
      from = at + 1;
      if (line.length > 0) yield line;
    }
    if (from < chunk.length) rest.push(Buffer.from(chunk.subarray(from)));
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
