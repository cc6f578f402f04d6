import { kernel } from '../../../lambda/detection/meaning/kernel';

describe('kernel', () => {
  test.each([
    [4, 32, 1],
    [8, 384, 5],
    [4, 1536, 3],
  ])('%d rows of %d numbers times %d rows', (rows, depth, width) => {
    const sizes = { x: rows * depth * 2, w: width * depth };
    const { memory, multiply } = kernel(sizes.x + sizes.w + rows * width * 4);
    const x = new Int16Array(memory, 0, rows * depth).map((_, i) => ((i * 7919) % 16_383) - 8191);
    new Int16Array(memory, 0, rows * depth).set(x);
    const w = new Int8Array(memory, sizes.x, width * depth).map((_, i) => ((i * 31) % 255) - 127);
    new Int8Array(memory, sizes.x, width * depth).set(w);

    multiply(0, sizes.x, sizes.x + sizes.w, rows, depth, width);

    const products = Array.from({ length: rows * width }, (_, at) => {
      const [row, column] = [Math.floor(at / width), at % width];
      let sum = 0;
      for (let i = 0; i < depth; i++) sum += x[row * depth + i]! * w[column * depth + i]!;
      return sum;
    });
    expect([...new Int32Array(memory, sizes.x + sizes.w, rows * width)]).toEqual(products);
  });
});
