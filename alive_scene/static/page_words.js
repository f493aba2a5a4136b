// How a page reads a sentence: CLIP's tokenizer (byte pairs; Sennrich 2016) and text_scores of wish.py, in JavaScript; the tests hold both to Python's.
// about.wishes.words: {context, known: tokens that say something, bad: a pattern, near, spread, encoder, half_life}.
const [BEGIN, END, LAST] = ["<start_of_text>", "<end_of_text>", "</w>"];
const LONGEST = 1000;  // characters of a sentence

// A line as ftfy leaves it. It mends what was decoded wrongly and reads signs written in HTML, too: here those are refused, never read otherwise.
function cleanLine(line, bad) {
  for (let before = null; line !== before;) {
    before = line;
    if (/&[^\s<&;]/.test(line)) throw new Error("A page reads plain letters: put a space behind the sign &.");
    if (/\p{Cn}/u.test(line) || (/[^\x00-\x7f]/.test(line) && bad.test(line))) throw new Error("These letters look as if they were copied wrongly: write them anew.");
    line = line.replace(/[ĲĳŉǄ-ǌǱ-ǳﬀ-ﬆ\u3000\uff01-\uffef]/g, sign => sign === "ﬅ" ? "ſt" : sign.normalize("NFKC"))
      .replace(/[\u201c-\u201f]/g, `"`).replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/\r\n|[\r\u2028\u2029\x85]/g, "\n")
      .replace(/[\ud800-\udfff]/gu, "\ufffd")
      .replace(/\x1b\[[\p{Nd};]*[a-zA-Z]/gu, "")
      .replace(/[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, "")
      .normalize("NFC");
  }
  return line;
}

// Text to tokens. merges: a line for each pair, the first to be joined on top.
function tokenizer(merges, { context, bad }) {
  const pattern = new RegExp(bad, "u"), order = [];
  for (const [first, last] of [[33, 126], [161, 172], [174, 255]]) for (let byte = first; byte <= last; byte++) order.push(byte);
  const printed = order.length, signs = [];
  for (let byte = 0; byte < 256; byte++) if (!order.includes(byte)) order.push(byte);
  order.forEach((byte, i) => signs[byte] = String.fromCharCode(i < printed ? byte : 256 + i - printed));
  const single = order.map(byte => signs[byte]);
  const number = new Map([...single, ...single.map(sign => sign + LAST), ...merges.map(pair => pair.replace(" ", "")), BEGIN, END].map((one, i) => [one, i]));
  const rank = new Map(merges.map((pair, i) => [pair, i]));
  const joined = word => {
    let parts = [...word.slice(0, -1), word.at(-1) + LAST];
    while (parts.length > 1) {
      let best = Infinity, pair;
      for (let i = 1; i < parts.length; i++) {
        const place = rank.get(`${parts[i - 1]} ${parts[i]}`) ?? Infinity;
        if (place < best) [best, pair] = [place, [parts[i - 1], parts[i]]];
      }
      if (best === Infinity) break;
      const next = [];
      for (let i = 0; i < parts.length; i++) {
        if (parts[i] === pair[0] && parts[i + 1] === pair[1]) next.push(pair.join("")), i++;
        else next.push(parts[i]);
      }
      parts = next;
    }
    return parts;
  };
  return text => {
    const clean = text.split("\n").map(line => cleanLine(line, pattern)).join("\n").split(/\s+/).filter(Boolean).join(" ").toLowerCase();
    const words = clean.match(/<[sſ]tart_of_text>|<end_of_text>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}\u0345]+/gu) ?? [];
    const tokens = [number.get(BEGIN)];
    for (const word of words) {
      if (number.has(word) && [BEGIN, END].includes(word)) tokens.push(number.get(word));
      else tokens.push(...joined(Array.from(new TextEncoder().encode(word), byte => signs[byte]).join("")).map(part => number.get(part)));
    }
    tokens.push(number.get(END));
    return tokens.length > context ? [...tokens.slice(0, context - 1), number.get(END)] : [...tokens, ...new Array(context - tokens.length).fill(0)];
  };
}

// How well each frame fits a sentence, in contrast with each of its opposites and the scene's mean; and whether the frames stand out.
function textScores(observed, said, against, { near, spread }) {
  const size = said.length, time = observed.length / size;
  const along = (frame, way) => { let sum = 0; for (let i = 0; i < size; i++) sum += observed[frame * size + i] * way[i]; return sum; };
  const frames = Array.from({ length: time }, (_, frame) => frame), mean = values => values.reduce((sum, one) => sum + one, 0) / values.length;
  const contrasts = against.map(other => {
    const way = said.map((value, i) => value - other[i]), raw = frames.map(frame => along(frame, way)), middle = mean(raw);
    return raw.map(one => one - middle);
  });
  const scores = frames.map(frame => Math.min(...contrasts.map(one => one[frame])));
  const middle = mean(scores), wide = Math.sqrt(scores.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (time - 1));
  return { scores, heard: quantile(frames.map(frame => along(frame, said)), .95) > near && wide > spread };
}

// What reads a sentence, with its opposites after a |, and answers with a wish; it throws what shall be said of one that is none.
// `run` takes {row, end} to the numbers of a sentence, `observed` says where the frames are.
async function openWords(told, unpack, { run, observed }) {
  const text = async name => new TextDecoder().decode(await unpack(name));
  const tokens = tokenizer((await text("merges")).split("\n"), told), rows = new Map(told.known.map((token, row) => [token, row]));
  const neutral = new Float32Array((await unpack("neutral")).buffer);
  const read = sentence => {
    const found = tokens(sentence), end = found.indexOf(Math.max(...found));
    return run(found.map(token => rows.get(token) ?? rows.size), end);
  };
  const wish = async asked => {
    const sentences = asked.split("|"), numbers = [];
    for (const one of sentences) {
      const long = Array.from(one).length;
      if (!one.trim() || long > LONGEST) throw new Error(`A wish in words has 1 to 1,000 characters, got ${long}: say it in a sentence.`);
    }
    for (const one of sentences) numbers.push(await read(one));
    const { scores, heard } = textScores(observed(), numbers[0], numbers.length > 1 ? numbers.slice(1) : [neutral], told);
    if (!heard) throw new Error(`“${Array.from(sentences[0]).slice(0, 60).join("")}” says nothing here: to ${told.encoder}, no frame stands out against random sentences; nothing is wished. Add its opposite after a |, press a button, or drag the picture.`);
    return { scores: [scaled(scores)], strengths: [1], half_lives: [told.half_life], onsets: [0] };
  };
  return { tokens, wish };
}
