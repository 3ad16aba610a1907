"""Sequences of different lengths: a packed bidirectional LSTM that classifies, and a GRU with attention that translates."""

import torch
from torch import nn, optim
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence


class Tagger(nn.Module):
    def __init__(self, vocab=11, width=6, classes=3):
        super().__init__()
        self.embed = nn.Embedding(vocab, width, padding_idx=0)
        self.lstm = nn.LSTM(width, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(10, classes)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        states, (h, _) = self.lstm(packed)
        states, _ = pad_packed_sequence(states, batch_first=True)
        mask = (torch.arange(states.size(1))[None, :] < lengths[:, None]).unsqueeze(-1)
        pooled = states.masked_fill(~mask, float("-inf")).max(dim=1)[0]
        return self.out(pooled), h


class Encoder(nn.Module):
    def __init__(self, vocab=9, width=6):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(vocab, width), nn.GRU(width, width)

    def forward(self, tokens):
        return self.gru(self.embedding(tokens))


class Decoder(nn.Module):
    def __init__(self, vocab=9, width=6):
        super().__init__()
        self.embedding, self.cell = nn.Embedding(vocab, width), nn.GRUCell(2 * width, width)
        self.query, self.out = nn.Linear(width, width, bias=False), nn.Linear(width, vocab)

    def forward(self, token, h, memory):
        weights = torch.einsum("bw,tbw->bt", self.query(h), memory).softmax(-1)
        context = torch.bmm(weights.unsqueeze(1), memory.transpose(0, 1)).squeeze(1)
        h = self.cell(torch.cat([self.embedding(token), context], dim=1), h)
        return torch.log_softmax(self.out(h), dim=-1), h


def fill(model):
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_((torch.arange(p.numel(), dtype=torch.float64) * (1.1 + i)).sin().view_as(p) * 0.4)


sentences = [torch.tensor([(i * j + 1) % 10 + 1 for j in range(1, 3 + i)]) for i in range(1, 6)]
lengths = torch.tensor([len(s) for s in sentences])
tokens, labels = pad_sequence(sentences, batch_first=True), torch.tensor([0, 1, 2, 0, 1])
tagger = Tagger().double()
fill(tagger)
optimizer = optim.Adagrad(tagger.parameters(), lr=0.1)
for step in range(5):
    tagger.zero_grad()
    logits, h = tagger(tokens, lengths)
    loss = nn.functional.cross_entropy(logits, labels, weight=torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(tagger.parameters(), max_norm=1.0)
    optimizer.step()
    print(f"{step} {loss.item():.7f} {tuple(h.shape)} {tagger.embed.weight.grad[0].abs().sum().item():.1f}")

encoder, decoder = Encoder().double(), Decoder().double()
fill(encoder)
fill(decoder)
optimizers = [optim.SGD(m.parameters(), lr=0.2, momentum=0.5) for m in (encoder, decoder)]
source = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]]).t()
criterion = nn.NLLLoss(reduction="none")
for step in range(5):
    for o in optimizers:
        o.zero_grad()
    memory, h = encoder(source)
    h, token, losses = h[0], torch.zeros(2, dtype=torch.long), []
    for t in range(4):
        scores, h = decoder(token, h, memory)
        losses.append(criterion(scores, source[3 - t]))
        token = source[3 - t] if step % 2 else scores.topk(1).indices.squeeze(-1).detach()
    loss = torch.stack(losses).mean()
    loss.backward()
    for o in optimizers:
        o.step()
    print(f"{step} {loss.item():.7f}")
cell = nn.LSTMCell(3, 4).double()
fill(cell)
h = c = torch.zeros(2, 4, dtype=torch.float64)
for t in range(3):
    h, c = cell(torch.full((2, 3), 0.1 * t, dtype=torch.float64), (h, c))
print([round(v, 6) for v in h.flatten().tolist()])
