// Messages of imgsim/plots/wire.py: uint32 length | JSON header | arrays in its order, each at a multiple of four.

const TYPES = { f4: Float32Array, i4: Int32Array, u2: Uint16Array, u1: Uint8Array };

/** The facts of the header, with each array under its own name. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const { arrays, ...facts } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let offset = 4 + length;
  for (const { name, type, count } of arrays) {
    const array = new TYPES[type](buffer, offset, count);
    facts[name] = array;
    offset += Math.ceil(array.byteLength / 4) * 4;
  }
  return facts;
}
