/* The runtime's half of tests/bench/bench_conv.py: training steps of networks on images, timed; the
 * commands stand in network.h. Networks: lenet, cnn, resnet18, mobilenet, and dcgan, a step of
 * which is one of the discriminator and one of the generator. */
#include "../nn/image_models.h"
#include "network.h"
#include "nn/losses.h"

enum { LATENT = 64 };

static const struct job {
    const char *name;
    body_fn body;
    int64_t height, width, channels;
} jobs[] = {
    {"lenet", body_lenet, 28, 28, 1},           {"cnn", body_cnn, 28, 28, 1},
    {"resnet18", body_resnet18, 64, 64, 3},     {"resnet18big", body_resnet18, 224, 224, 3},
    {"mobilenet", body_mobilenet, 224, 224, 3},
};

static void open_classes(const struct job *j, int64_t batch) {
    struct model *m = image_model(j->body, j->height, j->width, j->channels);
    struct assign assigns[64];
    int n = 0;
    struct graph *g = run.graphs[0] = graph_new(DT_FLOAT32, &err);
    struct node *x = input(g, &m->inputs[1][0].desc.shape);
    struct node *yhat = image_graph(g, m, true, x, 0, assigns, &n);
    struct node *y = input(g, &yhat->desc.shape);
    int64_t block = model_block_size(m);
    run.plans[0] =
        image_plan(g, image_loss(g, "crossentropy", y, yhat), batch, 0, block, assigns, n);
    g = run.graphs[2] = graph_new(DT_FLOAT32, &err);
    struct node *out = image_graph(g, m, false, input(g, &x->desc.shape), 0, NULL, NULL);
    struct plan_spec spec = {.graph = g, .batch = batch, .outputs = &out, .n_outputs = 1};
    if (!(run.infer = plan_new(&spec, &err))) fail();
    room_for(block);
    draw(m, 0);
    run.x = numbers(batch * j->height * j->width * j->channels, 0.5);
    run.y = numbers(batch * 10, 0);
    run.out = numbers(batch * 10, 0);
    for (int64_t i = 0; i < batch; i++) run.y[i * 10 + i % 10] = 1;
    model_unref(m);
}

/* Both plans read the images, the random numbers and ones as targets. */
static void open_gan(int64_t batch) {
    struct model *maker = vector_model(body_generator, LATENT);
    struct model *judge = image_model(body_discriminator, 28, 28, 1);
    int64_t border = model_block_size(maker), end = border + model_block_size(judge);
    struct shape one = shape_of(2, (int64_t[]){SIZE_BATCH, 1});
    for (int i = 0; i < 2; i++) {
        struct assign assigns[64];
        int n = 0;
        struct graph *g = run.graphs[i] = graph_new(DT_FLOAT32, &err);
        struct node *x = input(g, &judge->inputs[1][0].desc.shape);
        struct node *z = input(g, &maker->inputs[1][0].desc.shape), *ones = input(g, &one);
        struct node *made = image_graph(g, maker, true, z, 0, i ? assigns : NULL, &n);
        struct node *fake = image_graph(g, judge, true, made, border, NULL, NULL), *loss;
        if (i == 0) {
            struct node *real = image_graph(g, judge, true, x, border, NULL, NULL);
            struct node *zeros = op_number(g, OP_mul, ones, 0, &err);
            loss = op2(g, OP_add, image_loss(g, "bce", ones, real),
                       image_loss(g, "bce", zeros, fake), &err);
        } else {
            loss = image_loss(g, "bce", ones, fake);
        }
        run.plans[i] = image_plan(g, loss, batch, i ? 0 : border, i ? border : end, assigns, n);
    }
    room_for(end);
    draw(maker, 0);
    draw(judge, border);
    run.x = numbers(batch * 28 * 28, 0.9);
    run.y = numbers(batch * LATENT, 1);
    run.out = numbers(batch, 0);
    for (int64_t i = 0; i < batch; i++) run.out[i] = 1;
    model_unref(maker);
    model_unref(judge);
}

static void open_network(const char *name, int64_t batch) {
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
        if (strcmp(jobs[i].name, name) == 0) open_classes(&jobs[i], batch);
    if (strcmp(name, "dcgan") == 0) open_gan(batch);
}

int main(void) {
    return serve();
}
