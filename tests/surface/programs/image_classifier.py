"""A ResNet in torchvision's style on made pictures: data set, loader, hooks, train and eval modes, checkpoint, accuracy."""

import io
from collections import OrderedDict

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


def conv3x3(n_in: int, n_out: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, kernel_size=3, stride=stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    expansion: int = 1

    def __init__(self, inplanes, planes, stride=1, downsample=None, norm_layer=nn.BatchNorm2d):
        super().__init__()
        self.conv1, self.bn1 = conv3x3(inplanes, planes, stride), norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv3x3(planes, planes), norm_layer(planes)
        self.downsample = downsample

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, layers, classes):
        super().__init__()
        self.inplanes = 8
        self.stem = nn.Sequential(OrderedDict([("conv", conv3x3(3, 8)), ("bn", nn.BatchNorm2d(8)), ("relu", nn.ReLU(inplace=True))]))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1, self.layer2 = self._make_layer(8, layers[0]), self._make_layer(16, layers[1], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, classes)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
        nn.init.zeros_(self.fc.bias)

    def _make_layer(self, planes, blocks, stride=1):
        downsample = None
        if stride != 1 or self.inplanes != planes:
            downsample = nn.Sequential(nn.Conv2d(self.inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes))
        layers = [BasicBlock(self.inplanes, planes, stride, downsample)]
        self.inplanes = planes
        layers += [BasicBlock(planes, planes) for _ in range(1, blocks)]
        return nn.Sequential(*layers)

    def forward(self, x):
        x = self.layer2(self.layer1(self.maxpool(self.stem(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Stripes(Dataset):
    def __len__(self):
        return 24

    def __getitem__(self, i):
        y, x = torch.meshgrid(torch.arange(12.0), torch.arange(12.0), indexing="ij")
        label = i % 3
        picture = [torch.sin(x * 0.9 + i), torch.sin(y * 0.9 + i), torch.sin((x + y) * 0.7 + i)][label]
        return torch.stack([picture, picture * 0.5, 1 - picture]).double(), label


def fill(model):
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            if p.dim() > 1:
                p.copy_((torch.arange(p.numel(), dtype=torch.float64).mul(1.3 + i).cos() * 0.2).view_as(p))


torch.manual_seed(0)
model = ResNet([1, 2], 3).double()
fill(model)
seen = {}
handle = model.layer1.register_forward_hook(lambda m, args, out: seen.update(shape=tuple(out.shape)))
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True)
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[2], gamma=0.1)
loader = DataLoader(Stripes(), batch_size=8, shuffle=False, num_workers=0, drop_last=True)
for epoch in range(3):
    model.train()
    total, right = 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        logits = model(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        total += loss.item() * labels.size(0)
        right += (logits.argmax(1) == labels).sum().item()
    scheduler.step()
    print(f"epoch {epoch} loss {total / 24:.7f} right {right} lr {optimizer.param_groups[0]['lr']:.4f}")
handle.remove()
print(seen, model.layer2[0].bn1.num_batches_tracked.item())
file = io.BytesIO()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, file)
file.seek(0)
kept = torch.load(file, weights_only=True)
again = ResNet([1, 2], 3).double()
print(again.load_state_dict(kept["model"]), kept["epoch"], len(kept["optimizer"]["state"]))
model.eval()
again.eval()
with torch.inference_mode():
    x = torch.stack([Stripes()[i][0] for i in range(5)])
    print(torch.equal(model(x), again(x)), [round(v, 6) for v in model(x).softmax(-1).amax(1).tolist()])
