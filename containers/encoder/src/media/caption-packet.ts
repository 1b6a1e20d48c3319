/** The standard services of CEA-708, as INSTREAM-ID names them (RFC 8216bis 4.4.6.1). Number 7 stands for the extended ones. */
export const SERVICE_CHANNELS = ['SERVICE1', 'SERVICE2', 'SERVICE3', 'SERVICE4', 'SERVICE5', 'SERVICE6'] as const;
export type ServiceChannel = (typeof SERVICE_CHANNELS)[number];

const EXTENDED_SERVICE = 7;
/** Of a packet whose size code is 0. */
const LONGEST_PACKET_BYTES = 128;

/** A caption channel packet of CEA-708: its header, and then blocks of services (CTA-708-E 5 and 6). */
export class CaptionPacket {
  /** Bytes of the packet that are still to come. */
  #restBytes: number;
  /** Bytes before the header of the next block. */
  #skipBytes = 0;

  constructor(header: number) {
    const sizeCode = header & 0x3f;
    this.#restBytes = (sizeCode === 0 ? LONGEST_PACKET_BYTES : 2 * sizeCode) - 1;
  }

  /** The service of which a block begins with this byte; null if none does. */
  read(byte: number): ServiceChannel | null {
    if (this.#restBytes <= 0) return null;
    this.#restBytes--;
    if (this.#skipBytes > 0) {
      this.#skipBytes--;
      return null;
    }
    const [service, bytes] = [byte >> 5, byte & 0x1f];
    this.#skipBytes = bytes + (service === EXTENDED_SERVICE && bytes > 0 ? 1 : 0);
    // A null block, behind which there is padding, or one that does not fit.
    if (service === 0 || this.#skipBytes > this.#restBytes) this.#restBytes = 0;
    return bytes === 0 || this.#restBytes === 0 ? null : (SERVICE_CHANNELS[service - 1] ?? null);
  }
}
