"""Message passing written by hand: scatter, index_add, attention over edges, pooling by graph, a Function of the program's own."""

import torch
from torch import Tensor, nn
from torch.nn import Parameter
from torch.nn import functional as F


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, threshold):
        ctx.save_for_backward(x)
        return (x > threshold).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x.abs() < 2).to(grad.dtype), None


def degree(index: Tensor, n: int, dtype) -> Tensor:
    return torch.zeros(n, dtype=dtype).scatter_add_(0, index, torch.ones(index.numel(), dtype=dtype))


class GCNConv(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.lin, self.bias = nn.Linear(n_in, n_out, bias=False), Parameter(torch.empty(n_out))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.lin.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x, edges):
        loops = torch.arange(x.size(0)).repeat(2, 1)
        row, col = torch.cat([edges, loops], dim=1)
        inverse = degree(col, x.size(0), x.dtype).pow(-0.5)
        inverse.masked_fill_(inverse == float("inf"), 0)
        messages = (inverse[row] * inverse[col]).view(-1, 1) * self.lin(x)[row]
        return torch.zeros(x.size(0), messages.size(1), dtype=x.dtype).index_add(0, col, messages) + self.bias


class GATConv(nn.Module):
    def __init__(self, n_in, n_out, heads=2):
        super().__init__()
        self.heads, self.n_out = heads, n_out
        self.lin = nn.Linear(n_in, heads * n_out, bias=False)
        self.att_src, self.att_dst = (Parameter(torch.Tensor(1, heads, n_out)) for _ in range(2))
        for p in (self.att_src, self.att_dst):
            nn.init.ones_(p)

    def forward(self, x, edges):
        h = self.lin(x).view(-1, self.heads, self.n_out)
        src, dst = edges
        alpha = F.leaky_relu((h * self.att_src).sum(-1)[src] + (h * self.att_dst).sum(-1)[dst], 0.2)
        at = dst.view(-1, 1).expand_as(alpha)
        top = torch.full((x.size(0), self.heads), -float("inf"), dtype=x.dtype).scatter_reduce(0, at, alpha, "amax")
        alpha = (alpha - top[dst].detach()).exp()
        alpha = alpha / torch.zeros_like(top).nan_to_num().scatter_add(0, at, alpha)[dst].clamp(min=1e-12)
        out = torch.zeros_like(h).index_add(0, dst, h[src] * alpha.unsqueeze(-1))
        return out.flatten(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.norm = GCNConv(5, 8), GATConv(8, 4), nn.GroupNorm(2, 8)
        self.head = nn.Bilinear(8, 8, 3)

    def forward(self, x, edges, batch):
        x = F.relu(self.conv1(x, edges))
        x = self.norm(self.conv2(x, edges)) * StraightThrough.apply(x, 0.05)
        n = int(batch.max()) + 1
        mean = torch.zeros(n, x.size(1), dtype=x.dtype).index_add_(0, batch, x) / torch.bincount(batch, minlength=n).view(-1, 1)
        best = torch.stack([x[batch == i].max(dim=0).values for i in range(n)])
        return self.head(mean, best)


def fill(model):
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_((torch.arange(p.numel(), dtype=torch.float64) * (0.6 + i)).cos().view_as(p) * 0.4)


net = Net().double()
fill(net)
edges = torch.tensor([[0, 1, 1, 2, 3, 4, 5, 6, 4, 0], [1, 0, 2, 1, 4, 3, 6, 5, 5, 2]])
batch = torch.tensor([0, 0, 0, 1, 1, 1, 1])
x = torch.sin(torch.arange(35.0, dtype=torch.float64)).view(7, 5)
target = torch.tensor([0, 2])
optimizer = torch.optim.Adamax(net.parameters(), lr=0.05)
for step in range(6):
    optimizer.zero_grad()
    out = net(x, edges, batch)
    loss = F.nll_loss(F.log_softmax(out, -1), target) + 1e-3 * sum((p**2).sum() for p in net.parameters())
    loss.backward()
    optimizer.step()
    print(f"{step} {loss.item():.7f} {out.argmax(-1).tolist()}")
values, counts = torch.unique(edges.flatten(), return_counts=True)
print(values.tolist(), counts.tolist(), torch.unique(edges, dim=1).shape)
adjacency = torch.zeros(7, 7, dtype=torch.float64)
adjacency[edges[0], edges[1]] = 1.0
print(torch.linalg.eigvalsh((adjacency + adjacency.t()) / 2).round(decimals=5).abs().tolist(), (adjacency @ adjacency).nonzero().shape)
