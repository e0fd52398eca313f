export function linesOf(stream: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer>;
