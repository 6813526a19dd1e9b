"""Lifted starts for PyTorch, and models of its modules."""

import unittest

import numpy as np
import torch
from torch import nn

import hoist
from samples import FolderTest, clusters


class Starts(FolderTest):
    def setUp(self):
        super().setUp()
        torch.manual_seed(1)
        self.X, self.y = clusters()

    def net(self, *activations, outputs=3):
        layers, width = [], 12
        for phi in activations:
            layers += [nn.Linear(width, 8), phi]
            width = 8
        return nn.Sequential(*layers, nn.Linear(width, outputs))

    def test_a_start_gives_the_scores_of_the_run(self):
        for activation in (nn.ReLU(), nn.Tanh(), nn.LeakyReLU(0.2), nn.Sigmoid()):
            net = self.net(activation, activation)
            run = hoist.start(net, self.X, self.y, ranks=1, formulation_name="contrastive", train={"epochs": 3, "batch": 20},
                              data_standardize=True)
            with torch.no_grad():
                scores = torch.softmax(net(torch.from_numpy(self.X)), dim=1).numpy()
            np.testing.assert_allclose(scores, run.model.scores(self.X), atol=1e-5)

    def test_a_start_of_a_regression_has_the_unit_of_the_data(self):
        y = 1000 + 50 * self.X[:, 0]
        net = self.net(nn.ReLU(), outputs=1)
        run = hoist.start(net, torch.from_numpy(self.X), torch.from_numpy(y), output="linear", ranks=1,
                          formulation_name="contrastive", weights_step=1e-2, train={"epochs": 60, "batch": 20})
        with torch.no_grad():
            values = net(torch.from_numpy(self.X)).numpy()[:, 0]
        np.testing.assert_allclose(values, run.model.predict(self.X), rtol=1e-5)
        self.assertGreater(np.corrcoef(values, y)[0, 1], 0.9)

    def test_modules_become_models(self):
        for activation in (nn.ReLU(), nn.LeakyReLU(0.3), nn.Tanh(), nn.Sigmoid(), nn.Hardtanh(), nn.GELU(), nn.Softplus(),
                           nn.Identity()):
            with self.subTest(activation):
                net = nn.Sequential(nn.Flatten(), *self.net(activation, nn.ReLU()), )
                model = hoist.Model.from_torch(net)
                with torch.no_grad():
                    u = net(torch.from_numpy(self.X))
                np.testing.assert_allclose(model.scores(self.X), torch.softmax(u, dim=1).numpy(), atol=1e-5)
                np.testing.assert_allclose(hoist.Model.from_torch(net, "linear").scores(self.X), u.numpy(), atol=1e-5)

    def images(self, channels=2, samples=60):
        random = np.random.default_rng(1)
        return random.random((samples, channels, 9, 8), dtype=np.float32), np.arange(samples) % 3

    CONVOLUTIONS = {
        "largest in front": lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3)),
        "largest behind": lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, padding="same"), nn.Tanh(), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(48, 6), nn.ReLU(),
            nn.Dropout(0.5), nn.Linear(6, 3)),
        "means": lambda: nn.Sequential(
            nn.Conv2d(2, 4, 2, stride=2), nn.LeakyReLU(0.2), nn.AvgPool2d(2), nn.Conv2d(4, 5, 2), nn.ReLU(), nn.Flatten(), nn.Linear(5, 3)),
        "mean of all": lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)),
        "one window": lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 3, stride=3), nn.ReLU(), nn.Flatten(), nn.Linear(5, 3)),
    }

    def test_convolutions_become_models(self):
        X, _ = self.images()
        for name, make in self.CONVOLUTIONS.items():
            with self.subTest(name):
                net = make().eval()
                model = hoist.Model.from_torch(net, image=(9, 8))
                with torch.no_grad():
                    expected = torch.softmax(net(torch.from_numpy(X)), dim=1).numpy()
                np.testing.assert_allclose(model.scores(X.transpose(0, 2, 3, 1)), expected, atol=1e-5)
                again = make().eval()
                hoist.copy_weights(model, again)
                for parameter, other in zip(net.parameters(), again.parameters(), strict=True):
                    torch.testing.assert_close(parameter, other)

    def test_a_start_with_convolutions_gives_the_scores_of_the_run(self):
        X, y = self.images()
        for name, make in self.CONVOLUTIONS.items():
            with self.subTest(name):
                net = make()
                before = net[0].weight.detach().clone()
                run = hoist.start(net, torch.from_numpy(X), torch.from_numpy(y), ranks=1, formulation_name="contrastive",
                                  train={"epochs": 2, "batch": 20}, X_test=X[:9], y_test=y[:9])
                with torch.no_grad():
                    scores = torch.softmax(net.eval()(torch.from_numpy(X)), dim=1).numpy()
                np.testing.assert_allclose(scores, run.model.scores(X.transpose(0, 2, 3, 1)), atol=1e-5)
                self.assertFalse(torch.equal(before, net[0].weight))
                self.assertAlmostEqual(run.summary["test_accuracy"], 100 * (scores[:9].argmax(axis=1) == y[:9]).mean(), places=3)

    def test_convolutions_that_hoist_has_not_are_refused_by_name(self):
        def net(*layers):
            return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, 3))

        conv = nn.Conv2d(2, 4, 3)
        for module, phrases in ((net(nn.Conv2d(2, 4, 3, groups=2)), ("layer 0 is Conv2d", "groups")),
                                (net(nn.Conv2d(2, 4, (3, 5))), ("down and across",)),
                                (net(nn.Conv2d(2, 4, 3, padding_mode="reflect")), ("edge",)),
                                (net(conv, nn.GELU(), nn.MaxPool2d(2)), ("layer 2 is MaxPool2d", "never falls")),
                                (net(conv, nn.MaxPool2d(2, padding=1)), ("an edge",)),
                                (net(conv, nn.AvgPool2d(2), nn.ReLU()), ("layer 2 is ReLU behind a mean",)),
                                (net(conv, nn.BatchNorm2d(4)), ("layer 1 is BatchNorm2d",)),
                                (net(conv, nn.Conv2d(3, 4, 1)), ("layer 1 is Conv2d", "in front of it")),
                                (net(conv, nn.MaxPool2d(20)), ("larger than the picture",)),
                                (net(conv), ("4 inputs", "168")),
                                (nn.Sequential(conv, nn.ReLU(), nn.Linear(4, 3)), ("no Flatten",)),
                                (nn.Sequential(conv, nn.ReLU(), nn.Flatten()), ("end in a Linear",))):
            with self.assert_error(hoist.ConfigError, *phrases):
                hoist.Model.from_torch(module, image=(9, 8))
        X, y = self.images()
        with self.assert_error(hoist.ConfigError, "channels"):
            hoist.start(self.CONVOLUTIONS["means"](), X.reshape(60, -1), y, ranks=1)
        with self.assert_error(hoist.ConfigError, "standardization"):
            hoist.start(self.CONVOLUTIONS["means"](), X, y, ranks=1, formulation_name="contrastive", train_epochs=1,
                        data_standardize=True)

    def test_modules_that_are_no_chain_are_refused_by_name(self):
        for net, phrases in ((nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2, 2)), ("layer 0 is Conv2d",)),
                             (nn.Sequential(nn.Linear(12, 3), nn.ReLU()), ("end in a Linear",)),
                             (nn.Sequential(nn.Linear(12, 3, bias=False)), ("without a bias",)),
                             (nn.Sequential(nn.Linear(12, 4), nn.Hardtanh(0, 6), nn.Linear(4, 3)), ("Hardtanh",)),
                             (nn.Sequential(nn.ReLU(), nn.Linear(12, 3)), ("not between",)),
                             (nn.Sequential(), ("end in a Linear",))):
            with self.assert_error(hoist.ConfigError, *phrases):
                hoist.Model.from_torch(net)
        model = hoist.Model.from_torch(self.net(nn.ReLU()))
        with self.assert_error(hoist.ConfigError, "2 maps"):
            hoist.copy_weights(model, self.net(nn.ReLU(), nn.ReLU()))
        with self.assert_error(hoist.ConfigError, "Linear layer 1"):
            hoist.copy_weights(model, self.net(nn.ReLU(), outputs=4))

    def test_a_start_spares_epochs(self):
        """What Adam reaches in one epoch from the start, it does not from PyTorch's own."""
        def loss_after_an_epoch(net):
            optimizer = torch.optim.Adam(net.parameters(), 1e-3)
            X, y = torch.from_numpy(self.X), torch.from_numpy(self.y)
            for begin in range(0, len(X), 20):
                loss = nn.functional.cross_entropy(net(X[begin:begin + 20]), y[begin:begin + 20])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            return nn.functional.cross_entropy(net(X), y).item()

        plain, started = self.net(nn.ReLU()), self.net(nn.ReLU())
        hoist.start(started, self.X, self.y, ranks=1, formulation_name="contrastive", weights_step=1e-2,
                    train={"epochs": 20, "batch": 20})
        self.assertLess(loss_after_an_epoch(started), 0.5 * loss_after_an_epoch(plain))


if __name__ == "__main__":
    unittest.main()
