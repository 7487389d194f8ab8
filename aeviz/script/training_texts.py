"""The texts of how a script trains, each with places for `str.format`."""

TESTED = '''def tested({parameter}count):
    """The mean losses over so many test examples, always with the same noise."""
    noise, draws = (generator(SEED, {stage}, f"{{purpose}} of evaluation") for purpose in ("pairing", "draws"))
    total = np.zeros({told})
    for rows in torch.arange(count).split({chunk}):
        found = losses(test[rows]{tested}, noise, draws, 1.0{judged})
        total += len(rows) * np.array([value.item() for value in found])
    return total / count'''
LOOP = """optimizer = {optimizer}
{begin}for epoch in range(1, {epochs} + 1):{stop}{before}
    order = torch.randperm(len(train), generator=generator(SEED, {stage}, "order", epoch))
    noise = generator(SEED, {stage}, "pairing", epoch)
    draws = generator(SEED, {stage}, "draws", epoch)
    for at, rows in enumerate(order.split(BATCH)):
        progress = ((epoch - 1) * steps + at) / ({epochs} * steps)
        optimizer.zero_grad()
        loss, *_ = losses(train[rows]{trained}, noise, draws, progress)
        loss.backward(){scheduled}
        optimizer.step(){judge}{end}"""
SCHEDULED = """
        for group in optimizer.param_groups:
            group["lr"] = {rate} * ({factor})"""
BEGIN = """best, best_epoch = tested({seen})[0], 0
kept = [each.detach().clone() for each in {changing}]
"""
STOP = """
    if {whose}epoch - 1 - best_epoch >= {patience}:  # epochs in which the test loss has not fallen
        break"""
JUDGE = """
    if (loss := tested({seen})[0]) < best:
        best, best_epoch, kept = loss, epoch, [each.detach().clone() for each in {changing}]"""
END = """
for each, value in zip({changing}, kept, strict=True){whose}:
    each.data.copy_(value)"""
STAGES = """fixed = {{id(each) for layer in {layers} for each in layer.parameters()}}
STAGES = {stages}
for stage, epochs in STAGES:
    learned = [each for each in parameters if stage == "training" or id(each) not in fixed]
{loop}"""

LAYER = '''def layer_loss(number, target, noise, draws):
    """Layer `number` and its mirror image as an autoencoder of the layer below, which stays fixed."""
    below = target
    if number > 1:
        with torch.no_grad():
            below = through(encoder[: number - 1], ENCODER[: number - 1], target.flatten(1), None)
    {fed}
    z = ACTIVATIONS[ENCODER[number - 1]](encoder[number - 1](x.flatten(1)))
    logits = {back}.reshape(below.shape)
    if number == 1:
        return {first}
    return {others}'''
MACHINE = '''def layer_loss(number, target, noise, draws):
    """Layer `number` as a Boltzmann machine of the layer below, CD-1 (Hinton & Salakhutdinov, Science 313, 2006)."""
    W, c, b = encoder[number - 1].weight, encoder[number - 1].bias, {bias}
    gaussian = number == len(encoder) and ENCODER[-1] == "linear"

    def told(v):
        return functional.linear(v, W, c)

    def free_energy(v):
        return -(v @ b) - (told(v).square().sum(1) / 2 if gaussian else functional.softplus(told(v)).sum(1))

    with torch.no_grad():
        v = through(encoder[: number - 1], ENCODER[: number - 1], target.flatten(1), None)
        if gaussian:
            h = told(v) + torch.empty(len(v), len(c)).normal_(generator=draws)
        else:
            h = torch.bernoulli(torch.sigmoid(told(v)), generator=draws)
        dreamed = torch.bernoulli(torch.sigmoid(functional.linear(h, W.T, b)), generator=draws)
    return free_energy(v).mean() - free_energy(dreamed).mean()'''
LAYERS = """for number in range(1, {depth} + 1):
    stage, steps = f"layer {{number}}", -(-len(train) // BATCH)
    learned = {learned}
    optimizer = {optimizer}
    for epoch in range(1, {epochs} + 1):
        order = torch.randperm(len(train), generator=generator(SEED, stage, "order", epoch))
        noise, draws = (generator(SEED, stage, purpose, epoch) for purpose in ("pairing", "draws"))
        for at, rows in enumerate(order.split(BATCH)):
            progress = ((epoch - 1) * steps + at) / ({epochs} * steps)
            optimizer.zero_grad()
            layer_loss(number, train[rows]{trained}, noise, draws).backward(){scheduled}
            optimizer.step(){ends}"""
UNROLLED = """
    decoder[-number].weight.data.copy_(encoder[number - 1].weight.T)  # unrolled"""
CLASSIFIER = '''def balanced(classes, count, draws):
    """Which examples are labelled when so many are: the classes in turn, each in an order of its own."""
    shuffled = torch.randperm(len(classes), generator=draws)
    turn = torch.empty_like(shuffled)
    for each in classes.unique():
        members = shuffled[classes[shuffled] == each]
        turn[members] = torch.arange(len(members))
    by_class = torch.argsort(classes, stable=True)
    return by_class[torch.argsort(turn[by_class], stable=True)][:count].sort().values


def class_losses(x, classes, draws):
    """−log p(class | x) in nats, the share of wrong classes, and the code."""
    with torch.set_grad_enabled({encoder_learns}):
        {coded}
    logits = head(z)
    return functional.cross_entropy(logits, classes), logits.argmax(1).ne(classes).float().mean(), z{places}


def tested(count):
    """Loss, squared error per number and share of wrong classes over so many test examples."""
    total = np.zeros(3)
    for rows in torch.arange(count).split(500):
        target = test[rows]
        with torch.no_grad():
            loss, wrong, z{places} = class_losses(target, test_classes[rows].long(), None)
            {settled}
            logits = {decoded}(code{places}, None).reshape(target.shape)
            error = ({mean} - target).square().mean()
        total += len(rows) * np.array([value.item() for value in (loss, error, wrong)])
    return total / count


head = nn.Linear({code}, {classes})
nn.init.xavier_uniform_(head.weight, generator=generator(SEED, "procedure"))
nn.init.zeros_(head.bias)
chosen = {chosen}
examples, classes = train[chosen], train_classes[chosen].long()
steps = -(-len(examples) // BATCH)
optimizer = {optimizer}
for epoch in range(1, EPOCHS + 1):
    order = torch.randperm(len(examples), generator=generator(SEED, "classifier", "order", epoch))
    draws = generator(SEED, "classifier", "draws", epoch)
    for at, rows in enumerate(order.split(BATCH)):
        progress = ((epoch - 1) * steps + at) / (EPOCHS * steps)
        optimizer.zero_grad()
        class_losses(examples[rows], classes[rows], draws)[0].backward(){scheduled}
        optimizer.step()'''
