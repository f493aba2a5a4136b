// Frames as the notebook 34_codec packs them: whole numbers of waves of components. A frame is unpacked when it is first asked for, and kept.
const SIDE_OF_BLOCK = 8, WAVES = 192;

// COSINES[wave][pixel], COLORS[color][channel]: orthonormal, as wave_basis in Python.
const COSINES = Array.from({ length: 8 }, (_, wave) => Float64Array.from({ length: 8 }, (_, pixel) => Math.cos(Math.PI * wave * (2 * pixel + 1) / 16) / 2 * (wave ? 1 : Math.SQRT1_2)));
const COLORS = [[1, 1, 1], [1, 0, -1], [1, -2, 1]].map(row => row.map(value => value / Math.hypot(...row)));

// planes: the lower bytes of all whole numbers and then the upper ones, (component, wave, strip, block); scores: (time, component).
function packedFrames(about, planes, scores) {
  const { time, components, step, height, width } = about;
  const across = Math.ceil(width / SIDE_OF_BLOCK), blocks = across * Math.ceil(height / SIDE_OF_BLOCK), size = WAVES * blocks;
  // of each component, where it isn't 0, and what it is there
  const kept = Array.from({ length: components }, (_, component) => {
    const low = planes.subarray(component * size, (component + 1) * size), high = planes.subarray((components + component) * size);
    const count = low.reduce((sum, byte, i) => sum + (byte || high[i] ? 1 : 0), 0);
    const at = new Int32Array(count), value = new Float32Array(count);
    for (let i = 0, n = 0; n < count; i++) {
      const folded = low[i] + 256 * high[i];
      if (folded) [at[n], value[n++]] = [i, step * (folded % 2 ? -(folded + 1) / 2 : folded / 2)];
    }
    return { at, value };
  });
  const found = new Map();

  const wavesOf = frame => {
    const waves = new Float32Array(size);
    kept.forEach(({ at, value }, component) => {
      const score = scores[frame * components + component];
      for (let n = 0; n < at.length; n++) waves[at[n]] += score * value[n];
    });
    return waves;
  };
  // The sum of waves in one direction: 8 times `inner` numbers, of which each 8 become 8 pixels.
  const summed = (numbers, inner) => {
    const pixels = new Float32Array(numbers.length);
    for (let outer = 0; outer < numbers.length; outer += 8 * inner)
      for (let wave = 0; wave < 8; wave++)
        for (let pixel = 0; pixel < 8; pixel++)
          for (let i = 0, share = COSINES[wave][pixel]; i < inner; i++) pixels[outer + pixel * inner + i] += share * numbers[outer + wave * inner + i];
    return pixels;
  };
  const unpacked = frame => {
    const waves = wavesOf(frame), pixels = new Uint8Array(3 * height * width), block = new Float32Array(WAVES);
    for (let b = 0; b < blocks; b++) {
      for (let at = 0; at < WAVES; at += 3)
        for (let channel = 0; channel < 3; channel++)
          block[at + channel] = COLORS.reduce((sum, color, i) => sum + color[channel] * waves[(at + i) * blocks + b], 0);
      const colors = summed(summed(block, 3), 24), top = 8 * Math.floor(b / across), left = 8 * (b % across);
      for (let y = top; y < Math.min(top + 8, height); y++)
        for (let x = left; x < Math.min(left + 8, width); x++)
          for (let channel = 0; channel < 3; channel++) pixels[(y * width + x) * 3 + channel] = Math.max(0, Math.min(255, Math.round(128 + colors[((y - top) * 8 + x - left) * 3 + channel])));
    }
    return pixels;
  };
  return frame => {
    if (!found.has(frame)) found.set(frame, unpacked(frame));
    return found.get(frame);
  };
}
