// <stem-player>: sounds of one length that play in step, a row each. It needs nothing beside this file and player.css,
// whose text stands in STYLE. What it shows comes from `show(data)`, or from JSON in a script element inside of it:
//
//   label     what it plays, for people
//   seconds   length of every sound
//   rate      of the samples, in Hz
//   sources   [{address, pieces}]: audio files; where a file is several, one after another, the bytes where they begin
//   piece     seconds of each of them
//   targets   {name: [{title, note, parts, peaks, download}]}: rows, the mixture first; parts are [source, weight]
//   stems     whether all rows but the first add up to it
//   archive   {address, name} of a file with all sounds
//
// Sound comes from the Web Audio clock: every piece of every source is started at a sample, so nothing drifts, and no
// more than two pieces of each are in memory.
(() => {
  const LEAD = 0.06; // seconds from now at which sound can surely start
  const AHEAD = 5; // seconds before its start at which a piece is handed over
  const FADE = 0.008; // time constant of a change of level: no clicks
  const STEP = 5; // seconds of an arrow key

  /** Plays sources in step. It knows of levels, not of rows and buttons. */
  class Engine {
    constructor(data) {
      this.data = data;
      this.position = 0; // seconds, where it stands
      this.nodes = new Set();
      this.loaded = new Map();
      this.sounds = [];
    }

    /** Position in seconds, as heard. */
    get now() {
      const moved = this.context && this.origin !== undefined ? this.context.currentTime - this.origin : this.position;
      return Math.min(Math.max(moved, this.position), this.data.seconds);
    }

    get playing() {
      return this.run !== undefined;
    }

    /** Take these sounds, at these levels. */
    async use(sounds, levels) {
      const playing = this.playing;
      this.pause();
      this.sounds = sounds;
      this.levels = levels;
      this.gains = undefined;
      if (playing) await this.play();
    }

    /** Set how loud each sound is. */
    balance(levels) {
      this.levels = levels;
      for (const { node, sound, weight } of this.gains ?? [])
        node.gain.setTargetAtTime(weight * levels[sound], this.context.currentTime, FADE);
    }

    async seek(position) {
      const playing = this.playing;
      this.pause();
      this.position = Math.min(Math.max(position, 0), this.data.seconds);
      if (playing) await this.play();
    }

    pause() {
      this.position = this.now;
      this.run = this.origin = undefined;
      for (const node of this.nodes) node.disconnect();
      this.nodes.clear();
    }

    /** Give back what the browser keeps for sound. */
    close() {
      this.pause();
      this.context?.close();
      this.context = this.gains = undefined;
      this.loaded.clear();
    }

    /** Play from the position on; ends when all is scheduled, or when something else was asked for. */
    async play() {
      const run = (this.run = Symbol("run"));
      try {
        await this.#schedule(run);
      } catch (error) {
        if (run === this.run) throw error; // what was asked for before concerns nobody any more
      }
    }

    async #schedule(run) {
      this.#open();
      await this.context.resume();
      if (run !== this.run) return;
      const length = this.data.piece ?? Infinity;
      let piece = Math.floor(this.position / length) || 0;
      for (let start = this.position; start < this.data.seconds; start = piece * length) {
        const buffers = await this.#load(piece);
        if (run !== this.run) return;
        const earliest = this.context.currentTime + LEAD - start;
        this.origin = Math.max(this.origin ?? earliest, earliest); // where loading was late, all wait alike
        this.#start(buffers, this.origin + start, start - (piece * length || 0));
        piece += 1;
        this.#forget(piece);
        if (!(await this.#reached(piece * length - AHEAD, run))) return;
      }
    }

    /** Browsers let a page make sound once somebody has touched it. */
    #open() {
      if (!this.context) {
        try {
          this.context = new AudioContext({ sampleRate: this.data.rate });
        } catch {
          this.context = new AudioContext(); // the rate is beyond what the browser takes: pieces are resampled
        }
      }
      if (this.gains) return;
      this.gains = this.sounds.flatMap(({ parts }, sound) =>
        parts.map(([source, weight]) => {
          const node = new GainNode(this.context, { gain: weight * this.levels[sound] });
          node.connect(this.context.destination);
          return { node, sound, source, weight };
        }),
      );
    }

    #start(buffers, when, offset) {
      for (const [source, buffer] of buffers) {
        const node = new AudioBufferSourceNode(this.context, { buffer });
        for (const gain of this.gains) if (gain.source === source) node.connect(gain.node);
        node.onended = () => this.nodes.delete(node);
        node.start(when, offset);
        this.nodes.add(node);
      }
    }

    /** Whether the position was reached, before something else was asked for. */
    async #reached(position, run) {
      while (run === this.run && this.now < Math.min(position, this.data.seconds))
        await new Promise(resolve => setTimeout(resolve, 200));
      return run === this.run;
    }

    /** A piece of every source that is in use, decoded. */
    async #load(piece) {
      const sources = [...new Set(this.gains.map(gain => gain.source))];
      return Promise.all(sources.map(async source => [source, await this.#decoded(source, piece)]));
    }

    #decoded(source, piece) {
      const key = `${piece} ${source}`;
      if (!this.loaded.has(key)) {
        const loading = this.#fetched(source, piece);
        loading.catch(() => this.loaded.delete(key)); // it may work next time
        this.loaded.set(key, loading);
      }
      return this.loaded.get(key);
    }

    async #fetched(source, piece) {
      const { address, pieces } = this.data.sources[source];
      const headers = pieces ? { Range: `bytes=${pieces[piece]}-${pieces[piece + 1] - 1}` } : {};
      const response = await fetch(address.url ?? address, { headers });
      if (!response.ok) throw new Error(response.statusText);
      const sound = await response.arrayBuffer();
      const whole = pieces && response.status !== 206; // from a server that knows no ranges
      return this.context.decodeAudioData(whole ? sound.slice(pieces[piece], pieces[piece + 1]) : sound);
    }

    /** Give back the memory of pieces before this one and the one that is heard. */
    #forget(piece) {
      for (const key of this.loaded.keys()) if (![piece - 1, piece].includes(parseInt(key))) this.loaded.delete(key);
    }
  }

  function make(tag, properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function clock(seconds) {
    return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  }

  /** A waveform whose height is its level on the scale on which `reach` fills the row. */
  function drawing(peaks, reach) {
    const space = "http://www.w3.org/2000/svg";
    const [svg, path] = ["svg", "path"].map(tag => document.createElementNS(space, tag));
    const edge = sign => peaks.map((peak, column) => `${column + 0.5} ${1 - (sign * peak) / reach}`);
    path.setAttribute("d", `M${[...edge(1), ...edge(-1).reverse()].join("L")}Z`);
    svg.setAttribute("viewBox", `0 0 ${peaks.length} 2`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.append(path);
    return svg;
  }

  class StemPlayer extends HTMLElement {
    static last; // the player that was used last: keys go to it

    connectedCallback() {
      if (this.shadowRoot) return;
      this.attachShadow({ mode: "open" }).append(make("style", { textContent: STYLE }));
      this.addEventListener("pointerdown", () => (StemPlayer.last = this));
      this.addEventListener("focusin", () => (StemPlayer.last = this));
      const script = this.querySelector("script");
      this.show(script && JSON.parse(script.textContent));
    }

    disconnectedCallback() {
      this.engine?.close();
    }

    /** Show these sounds in place of those before; none if there are no data. */
    show(data) {
      this.engine?.close();
      this.shadowRoot.querySelector("section")?.remove();
      this.data = data;
      this.engine = data && new Engine(data);
      this.heard = new Set([0]);
      if (!data) return;
      this.rows = make("ol");
      const section = make("section", { ariaLabel: `Player: ${data.label}` }, this.#transport(), this.rows, this.#help());
      this.shadowRoot.append(section);
      this.aim(Object.keys(data.targets)[0]);
      this.#move();
    }

    /** Show the rows of a target; position and chosen row stay. */
    aim(target) {
      const sounds = this.data.targets[target];
      const kept = [...this.heard].filter(row => row < sounds.length);
      this.heard = new Set(kept.length ? kept : [0]);
      this.muted = new Set();
      const reach = Object.values(this.data.targets).flat().flatMap(({ peaks }) => peaks).reduce((a, b) => Math.max(a, b), 1);
      this.rows.replaceChildren(...sounds.map((sound, row) => this.#row(sound, row, reach)));
      this.sounds = sounds;
      this.#settle(this.engine.use(sounds, this.#levels()));
      this.#mark();
    }

    async toggle() {
      if (this.engine.playing) this.engine.pause();
      else await this.play();
      this.#mark();
    }

    play() {
      for (const other of document.querySelectorAll("stem-player")) if (other !== this) other.pause();
      if (this.engine.now >= this.data.seconds) this.engine.position = 0;
      const playing = this.engine.play();
      this.#move();
      return this.#settle(playing);
    }

    pause() {
      if (!this.engine?.playing) return;
      this.engine.pause();
      this.#mark();
    }

    seek(position) {
      this.#settle(this.engine.seek(position));
      this.#move();
    }

    /** Hear one row alone. */
    choose(row) {
      this.#hear([row], []);
    }

    /** Hear a row together with others that are soloed; the mixture is heard alone. */
    solo(row) {
      const heard = new Set(this.heard);
      if (!heard.delete(row)) heard.add(row);
      if (row !== 0) heard.delete(0);
      this.#hear(row === 0 || !heard.size ? [0] : heard, this.muted);
    }

    /** Silence a row; where stems make up the mixture, the others are heard then. */
    mute(row) {
      const muted = new Set(this.muted);
      if (!muted.delete(row)) muted.add(row);
      const all = this.sounds.map((_, number) => number).slice(1);
      this.#hear(this.data.stems && row !== 0 && this.heard.has(0) ? all : this.heard, muted);
    }

    #hear(heard, muted) {
      this.heard = new Set(heard);
      this.muted = new Set(muted);
      this.engine.balance(this.#levels());
      this.#mark();
    }

    #levels() {
      return this.sounds.map((_, row) => Number(this.heard.has(row) && !this.muted.has(row)));
    }

    #transport() {
      const { label, seconds, targets, archive } = this.data;
      this.button = make("button", { className: "play", onclick: () => this.toggle() });
      this.bar = make("input", { type: "range", min: 0, max: seconds, step: "any", ariaLabel: "Position in seconds" });
      this.bar.oninput = () => this.seek(Number(this.bar.value));
      this.time = make("span", { className: "time" });
      const bar = make("div", { className: "transport" }, this.button, this.bar, this.time);
      if (Object.keys(targets).length > 1) {
        const options = Object.keys(targets).map(name => make("option", { value: name, textContent: name }));
        const choice = make("select", { ariaLabel: "Target", onchange: () => this.aim(choice.value) }, ...options);
        bar.append(make("label", {}, "Target ", choice));
      }
      if (archive) bar.append(this.#link(archive, "Download all (zip)", `Download all of ${label} (zip)`));
      return bar;
    }

    #link({ address, name }, text, label) {
      return make("a", { href: address.url ?? address, download: name, textContent: text, ariaLabel: label, title: name });
    }

    #row({ title, note, peaks, download }, row, reach) {
      const choose = make("button", { className: "choose", onclick: () => this.choose(row), title: `Hear ${title} alone` });
      if (row < 10) choose.append(make("kbd", { ariaHidden: "true", textContent: row }));
      choose.append(make("span", { textContent: title }));
      const wave = make("div", { className: "wave", ariaHidden: "true" }, drawing(peaks, reach), make("i"));
      wave.onclick = event => this.seek((event.offsetX / wave.clientWidth) * this.data.seconds);
      const switches = make(
        "span",
        { className: "switches" },
        make("button", { className: "solo", textContent: "S", ariaLabel: `Solo ${title}`, onclick: () => this.solo(row) }),
        make("button", { className: "mute", textContent: "M", ariaLabel: `Mute ${title}`, onclick: () => this.mute(row) }),
      );
      if (download) switches.append(this.#link(download, "↓", `Download ${download.name}`));
      return make("li", {}, choose, make("span", { className: "note", textContent: note }), wave, switches);
    }

    #help() {
      const most = Math.min(9, Math.max(...Object.values(this.data.targets).map(rows => rows.length - 1)));
      const text = `Keys: Space plays or pauses, 0 ${most === 1 ? "and" : "to"} ${most} play one sound alone, ← and → move ${STEP} s. Buttons: S solo, M mute.`;
      this.status = make("p", { className: "status", role: "alert" });
      return make("footer", {}, make("p", { textContent: text }), this.status);
    }

    /** Show what a promise of the engine comes to. */
    async #settle(promise) {
      const { engine } = this;
      let text = "";
      this.#mark();
      try {
        await promise;
      } catch (error) {
        engine.pause();
        text = `The sound cannot be played (${error.message}).`;
      }
      if (engine !== this.engine) return; // other sounds are shown by now
      this.status.textContent = text;
      this.#mark();
    }

    /** Bring buttons in line with the state. */
    #mark() {
      if (!this.engine) return;
      const { playing } = this.engine;
      this.button.textContent = playing ? "Pause" : "Play";
      this.button.classList.toggle("playing", playing);
      [...this.rows.children].forEach((item, row) => {
        const on = this.heard.has(row) && !this.muted.has(row);
        item.classList.toggle("on", on);
        item.querySelector(".choose").ariaPressed = String(on && this.heard.size === 1);
        item.querySelector(".solo").ariaPressed = String(this.heard.has(row));
        item.querySelector(".mute").ariaPressed = String(this.muted.has(row));
      });
    }

    /** Follow the sound, as long as it plays. */
    #move() {
      cancelAnimationFrame(this.frame);
      if (!this.engine) return;
      const { now, playing } = this.engine;
      const { seconds } = this.data;
      if (playing && now >= seconds) {
        this.engine.pause();
        this.engine.position = 0;
        this.#mark();
      }
      const shown = this.engine.now;
      this.bar.value = shown;
      this.bar.ariaValueText = `${clock(shown)} of ${clock(seconds)}`;
      this.time.textContent = `${clock(shown)} / ${clock(seconds)}`;
      this.rows.style.setProperty("--at", shown / seconds);
      if (this.engine.playing) this.frame = requestAnimationFrame(() => this.#move());
    }

    /** Whether a key meant something. */
    press(key) {
      const move = { ArrowLeft: -STEP, ArrowRight: STEP }[key];
      const row = /^\d$/.test(key) ? Number(key) : undefined;
      if (key === " ") this.toggle();
      else if (move) this.seek(this.engine.now + move);
      else if (row < this.sounds.length) this.choose(row);
      else return false;
      return true;
    }
  }

  // Whether the pointer was used last. Space plays then, though the button that was clicked has the focus.
  let pointed = false;
  document.addEventListener("pointerdown", () => (pointed = true), true);
  document.addEventListener("keydown", event => event.key === "Tab" && (pointed = false), true);

  /** Whether an element needs this key itself: text is typed, a button is pressed, a slider of the page is moved. */
  function takes(element, key, player) {
    if (element.isContentEditable || element.matches("textarea, select, audio, video")) return true;
    if (element.matches("input")) {
      const own = element.getRootNode() === player.shadowRoot;
      return !own && (!element.matches("[type=range], [type=checkbox], [type=radio], [type=button]") || key === " " || key.startsWith("Arrow"));
    }
    return key === " " && !pointed && element.matches("button, a, summary, [role=button]");
  }

  document.addEventListener("keydown", event => {
    const players = [...document.querySelectorAll("stem-player")].filter(player => player.data);
    const player = players.find(player => player === StemPlayer.last) ?? players[0];
    const element = event.composedPath()[0];
    if (!player || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.repeat && event.key === " ") return event.preventDefault();
    if (element instanceof Element && takes(element, event.key, player)) return;
    if (player.press(event.key)) event.preventDefault();
  });

  customElements.define("stem-player", StemPlayer);
})();
