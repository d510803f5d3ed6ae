// A WebSocket that comes back by itself, and says how it is doing.

/** The first wait, and the longest: each is twice the one before. */
const FIRST_MS = 1000;
const LONGEST_MS = 30_000;
/** A connection that does not come about in this time is given up. */
const PATIENCE_MS = 10_000;

/**
 * Calls `opened()` at each new connection, `heard(message)` for each message, and `tells(state, words)` whenever
 * there is something new to show: `connecting`, `connected`, `reconnecting` or `offline`. Text messages are JSON,
 * binary ones come as an ArrayBuffer. `path` is where the WebSocket is, `protocol` what is spoken there.
 */
export class Connection {
  #socket;
  #timer;
  #failures = 0;
  #giveUpWaiting = () => {};

  constructor({ path, protocol, opened, heard, tells }) {
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    Object.assign(this, { url, protocol, opened, heard, tells });
    // The network has changed: what stood may be dead without a word, what waits need not wait any longer.
    for (const event of ["online", "offline"]) {
      addEventListener(event, () => {
        if (this.#timer || this.#socket) this.again();
      });
    }
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer) this.again();
    });
  }

  /** Connects, anew if need be. */
  again() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drop();
    if (this.#failures === 0) this.tells("connecting", "Connecting");
    else this.tells(navigator.onLine ? "reconnecting" : "offline", navigator.onLine ? "Reconnecting" : "Offline");
    const socket = new WebSocket(this.url, this.protocol);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const patience = setTimeout(() => this.#lost(), PATIENCE_MS);
    socket.addEventListener("open", () => {
      clearTimeout(patience);
      this.opened();
    });
    socket.addEventListener("message", ({ data }) => this.heard(typeof data === "string" ? JSON.parse(data) : data));
    // A failure is followed by a close, too.
    socket.addEventListener("close", () => {
      clearTimeout(patience);
      if (socket === this.#socket) this.#lost();
    });
    this.#giveUpWaiting = () => clearTimeout(patience);
  }

  /** Sends a message, bytes or JSON, if there is a connection: whether it arrives, only an answer tells. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(ArrayBuffer.isView(message) ? message : JSON.stringify(message));
  }

  /** All is well: the server has not only accepted the connection but answered on it. */
  stands() {
    this.#failures = 0;
    this.tells("connected", "Connected");
  }

  #drop() {
    this.#giveUpWaiting();
    const socket = this.#socket;
    this.#socket = undefined; // so that its close is not taken for a loss
    socket?.close(1000);
  }

  #lost() {
    this.#drop();
    const longest = Math.min(FIRST_MS * 2 ** this.#failures, LONGEST_MS);
    this.#failures += 1;
    // Half of it is chance: a thousand pages that lost the same server must not come back in the same moment.
    this.#countdown(Math.ceil((longest / 2 + (Math.random() * longest) / 2) / 1000));
  }

  #countdown(seconds) {
    if (seconds === 0) return this.again();
    if (navigator.onLine) this.tells("reconnecting", `Reconnecting in ${seconds} s`);
    else this.tells("offline", "Offline");
    this.#timer = setTimeout(() => this.#countdown(seconds - 1), 1000);
  }
}
