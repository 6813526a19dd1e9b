#include <hoist/library/train.hpp>

#include <cmath>
#include <iostream>
#include <random>

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    // Points on a disk, and on a ring around it: the same on every rank.
    std::vector<double> points;
    std::vector<hoist::Index> classes;
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    for (int i = 0; i < 2000; ++i) {
        const double angle = normal(random) * 9, radius = i % 2 + 0.2 * normal(random);
        points.insert(points.end(), {radius * std::cos(angle), radius * std::sin(angle)});
        classes.push_back(i % 2);
    }
    try {
        const hoist::Model model = hoist::train(
            {{"network.layers", "2-32-32-2"}, {"formulation.name", "contrastive"}, {"weights.step", "1e-2"}},
            {.train = {.inputs = {points, 2}, .classes = classes}}, MPI_COMM_WORLD);
        if (rank == 0) {
            std::cout << "class of the point (0, 1): " << model.classes({std::vector{0.0, 1.0}, 2}).front() << '\n';
        }
    } catch (const hoist::Error& error) {
        std::cerr << error.what() << '\n';
        MPI_Abort(MPI_COMM_WORLD, static_cast<int>(error.status()));
    }
    MPI_Finalize();
}
